-- Invitations to friends, by the digest of their address.

-- name: one_by_one
-- Holds back other invitations of the same member, to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('invitation/' || $1::int || '/' || $2::int || '/' || $3::uuid, 0));

-- name: lately
-- How many a member ($3) has asked to have invited since an instant ($4).
SELECT count(*)::int FROM gateway.invitation_asked i
WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.member_id = $3 AND i.asked_at > $4;

-- name: ask
-- Notes that a member asks for an address to be invited, once, whether it is or not.
INSERT INTO gateway.invitation_asked (tenant_id, programme_id, member_id, digest, asked_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: is_known
-- Whether an address was invited before, refused to be by any programme of the company, or is a member's of this one.
SELECT EXISTS (SELECT FROM platform.programme p
               JOIN gateway.invitation i USING (tenant_id, programme_id)
               WHERE p.tenant_id = $1 AND i.digest = $3 AND (p.programme_id = $2 OR i.answer = 'refused'))
    OR EXISTS (SELECT FROM vault.contact c
               WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.channel = 'email' AND c.digest = $3);

-- name: invite
-- Notes that an address is invited, once for ever, whoever invites it.
INSERT INTO gateway.invitation (tenant_id, programme_id, digest, member_id, invited_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING member_id;

-- name: load
SELECT i.member_id, i.invited_at, i.answer, i.answered_at FROM gateway.invitation i
WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.digest = $3;

-- name: answer
-- What a friend says; the last word counts.
UPDATE gateway.invitation i SET answer = $4, answered_at = $5, text_version = $6
WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.digest = $3;

-- name: of_member
-- How the invitations of a member stand; who was not written to counts as one who says nothing.
SELECT (SELECT count(*)::int FROM gateway.invitation_asked a
        WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = $3) AS invited,
       count(*) FILTER (WHERE i.answer = 'agreed')::int AS agreed,
       count(*) FILTER (WHERE i.answer = 'refused')::int AS refused
FROM gateway.invitation i
WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.member_id = $3;
