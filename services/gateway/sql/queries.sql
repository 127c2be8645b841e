-- name: ping
SELECT 1;

-- name: api_key
SELECT key_id, tenant_id, name, digest, scopes, created_at, expires_at, revoked_at, last_used_at
FROM gateway.api_key WHERE key_id = $1;

-- name: touch_api_key
UPDATE gateway.api_key SET last_used_at = $2
WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute');

-- name: member
-- Two rows mean that the programme has to be named.
SELECT m.programme_id, p.slug AS programme, p.zone, m.member_id, h.tier, m.enrolled_at, coalesce(h.seq, 0) AS member_seq,
       h.keeps::text AS keeps,
       (SELECT g.leads_to FROM members.merge g
        WHERE g.tenant_id = m.tenant_id AND g.programme_id = m.programme_id AND g.member_id = m.member_id
          AND g.undone_at IS NULL) AS merged_into,
       ARRAY(SELECT i.identifier FROM members.identifier i
             WHERE i.tenant_id = m.tenant_id AND i.programme_id = m.programme_id AND i.member_id = m.member_id
             ORDER BY i.identifier) AS identifiers
FROM platform.programme p
JOIN members.member m USING (tenant_id, programme_id)
LEFT JOIN ledger.member h USING (tenant_id, programme_id, member_id)
WHERE p.tenant_id = $1 AND m.member_id = $2 AND ($3::text IS NULL OR p.slug = $3)
ORDER BY m.programme_id
LIMIT 2;

-- name: members_by_identifier
SELECT p.slug AS programme, i.member_id
FROM platform.programme p
JOIN members.identifier i USING (tenant_id, programme_id)
WHERE p.tenant_id = $1 AND i.identifier = $2 AND i.member_id IS NOT NULL AND ($3::text IS NULL OR p.slug = $3)
ORDER BY p.programme_id;

-- name: wallets
-- The wallets that the programme has now, whatever instant is asked for.
SELECT v.document -> 'wallets' AS wallets
FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.active_from <= $3
ORDER BY v.active_from DESC, v.version DESC
LIMIT 1;

-- name: lots
-- What is left of each lot now, with the dates that it has now.
SELECT seq, wallet, amount, remaining, held, earned_at, active_from, expires_at, recorded_at, policy_version, contributor,
       pending, opened_by::text AS opened_by
FROM ledger.lot_now
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND remaining > 0
ORDER BY seq;

-- name: debts
SELECT wallet, amount, since, lent, share, due_at FROM ledger.debt
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND (amount > 0 OR lent > 0)
ORDER BY wallet;

-- name: history
-- Newest first: movements by number, and receipts that paid nothing right after the movement they came after.
-- $4 is a number that movements lie below; ($5, $6, $7) what those receipts lie below. What comes in later lies above.
-- What took effect after $9, or was recorded after $10, is left out.
(SELECT j.seq, NULL::timestamptz AS unpaid_at, NULL::uuid AS unpaid_key, j.cause, j.kind::text AS kind, j.wallet,
        j.from_account::text AS from_account, j.to_account::text AS to_account, j.amount, j.effective_at, j.recorded_at,
        j.corrects, NULL::text AS outcome, w.spared_by, w.spared_as, t.kind AS trade, t.party,
        j.kind IN ('redeem', 'hold', 'commit', 'release', 'restore')
        AND EXISTS (SELECT 1 FROM redemption.household_part h
                    WHERE h.tenant_id = j.tenant_id AND h.redemption_id = j.cause AND h.member_id = j.member_id) AS by_household
 FROM ledger.journal j
 LEFT JOIN ledger.waiver w ON j.kind = 'waive' AND w.tenant_id = j.tenant_id AND w.programme_id = j.programme_id
                          AND w.member_id = j.member_id AND w.seq = j.seq
 LEFT JOIN redemption.trade t ON j.kind IN ('credit', 'redeem') AND t.tenant_id = j.tenant_id
                             AND t.programme_id = j.programme_id AND t.member_id = j.member_id
                             AND t.redemption_id = j.cause
 WHERE j.tenant_id = $1 AND j.programme_id = $2 AND j.member_id = $3 AND j.seq < $4
   AND ($9::timestamptz IS NULL OR j.effective_at <= $9) AND ($10::timestamptz IS NULL OR j.recorded_at <= $10)
 ORDER BY j.seq DESC
 LIMIT $8)
UNION ALL
(SELECT u.after_seq, u.recorded_at, u.event_key, u.event_key, NULL, NULL, NULL, NULL, NULL, u.occurred_at, u.recorded_at,
        NULL, u.outcome, NULL, NULL, NULL, NULL, false
 FROM earning.unpaid_receipt u
 WHERE u.tenant_id = $1 AND u.programme_id = $2 AND u.member_id = $3
   AND (u.after_seq, u.recorded_at, u.event_key) < ($5::bigint, $6::timestamptz, $7::uuid)
   AND ($9::timestamptz IS NULL OR u.occurred_at <= $9) AND ($10::timestamptz IS NULL OR u.recorded_at <= $10)
 ORDER BY u.after_seq DESC, u.recorded_at DESC, u.event_key DESC
 LIMIT $8)
ORDER BY seq DESC, unpaid_at DESC NULLS LAST, unpaid_key DESC
LIMIT $8;

-- name: parts
-- The lots that movements touch, with the dates that they have now; whatever opens a lot touches that one.
SELECT a.seq, a.lot_seq, a.amount, l.expires_at
FROM ledger.allocation a
JOIN ledger.lot_now l ON l.tenant_id = a.tenant_id AND l.programme_id = a.programme_id AND l.member_id = a.member_id
                 AND l.seq = a.lot_seq
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = $3 AND a.seq = ANY ($4::bigint[])
UNION ALL
SELECT l.seq, l.seq, l.amount, l.expires_at
FROM ledger.lot_now l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = $3 AND l.seq = ANY ($4::bigint[])
ORDER BY 1, 2;

-- name: decision_pages
-- The pages on which the decisions on these events lie, each page once.
SELECT d.body, i.event_keys
FROM (
    SELECT page, array_agg(event_key) AS event_keys
    FROM earning.inbox
    WHERE tenant_id = $1 AND event_key = ANY ($2::uuid[])
    GROUP BY page
) AS i
JOIN earning.decision_page d ON d.tenant_id = $1 AND d.page = i.page;

-- name: programme_of_source
-- A registered source, or one of our own: /pointstream/<tenant>/<programme>/….
SELECT programme_id, programme, zone
FROM (
    SELECT s.programme_id, p.slug AS programme, p.zone, length(s.source_prefix) AS longest
    FROM platform.source s
    JOIN platform.programme p USING (tenant_id, programme_id)
    WHERE s.tenant_id = $1 AND ($2::text = s.source_prefix OR starts_with($2::text, s.source_prefix || '/'))
    UNION ALL
    SELECT p.programme_id, p.slug, p.zone, 0
    FROM platform.programme p
    JOIN platform.tenant t USING (tenant_id)
    WHERE p.tenant_id = $1 AND starts_with($2::text, format('/pointstream/%s/%s/', t.slug, p.slug))
) AS found
ORDER BY longest DESC
LIMIT 1;

-- name: programme_version
SELECT document FROM platform.programme_version WHERE tenant_id = $1 AND programme_id = $2 AND version = $3;
