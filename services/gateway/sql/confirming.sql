-- Consents that somebody asked for on a page, until the owner of the address confirms them.

-- name: one_by_one
-- Holds back other questions to the same address, to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('consent_asked/' || $1::int || '/' || encode($2::bytea, 'hex'), 0));

-- name: ask
-- Keeps what was ticked, once by its id, unless the address was asked often enough since $12, or is written to no more.
INSERT INTO vault.consent_asked (tenant_id, programme_id, member_id, ask_id, digest, purpose, channel, source, text,
                                 text_version, asked_at, until)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $14
WHERE (SELECT count(*) FROM vault.consent_asked a
       WHERE a.tenant_id = $1 AND a.digest = $5 AND a.asked_at > $12) < $13::int
  AND NOT EXISTS (SELECT FROM vault.consent_asked a WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.ask_id = $4)
  AND NOT EXISTS (SELECT FROM vault.contact c
                  WHERE c.tenant_id = $1 AND c.digest = $5 AND c.channel = $7 AND NOT c.alive)
RETURNING ask_id;

-- name: forget_stale
-- What nobody confirmed, some time after its link has ended.
DELETE FROM vault.consent_asked a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.confirmed_at IS NULL AND a.until < $3;

-- name: find
SELECT a.member_id, a.digest, a.purpose, a.channel, a.source, a.text, a.text_version, a.asked_at, a.until, a.confirmed_at
FROM vault.consent_asked a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.ask_id = $3 AND a.digest IS NOT NULL;

-- name: confirm
-- Says yes, once: nothing where it was said before, or comes too late.
UPDATE vault.consent_asked a SET confirmed_at = $4, confirmed_text = $5
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.ask_id = $3 AND a.confirmed_at IS NULL AND a.until > $4
  AND a.digest IS NOT NULL
RETURNING a.member_id, a.digest, a.purpose, a.channel, a.source, a.text, a.text_version, a.asked_at, a.until, a.confirmed_at;

-- name: whose
-- Whose word it is: the member who was asked, while the address is theirs or they have none; else whoever joined with it in the
-- meantime; or who is to be a member soon. And whom they were merged into.
WITH known AS (
    SELECT m.member_id FROM members.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3
), reached AS (
    SELECT c.member_id, c.digest FROM vault.contact c
    WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.channel = $4 AND c.alive
      AND (c.digest = $5 OR c.member_id = $3)
), own AS (
    SELECT k.member_id FROM known k
    WHERE NOT EXISTS (SELECT FROM reached r WHERE r.member_id = k.member_id)
       OR EXISTS (SELECT FROM reached r WHERE r.member_id = k.member_id AND r.digest = $5)
), found AS (
    SELECT member_id FROM own
    UNION SELECT r.member_id FROM reached r WHERE r.digest = $5 AND NOT EXISTS (SELECT FROM own)
    UNION SELECT $3 WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM reached r WHERE r.digest = $5)
)
SELECT f.member_id FROM found f
UNION
SELECT g.leads_to FROM found f
JOIN members.merge g ON g.tenant_id = $1 AND g.programme_id = $2 AND g.member_id = f.member_id AND g.undone_at IS NULL;
