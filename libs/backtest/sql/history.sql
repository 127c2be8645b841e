-- The history of a programme, read in one snapshot beside running workers.

-- name: settings
-- A long look must not hold locks that others wait for, nor be ended as an idle one.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: tenant
-- Whoever may read in the name of a tenant alone sees its rows then; the operator sees all.
SELECT set_config('pointstream.tenant', $1, true);

-- name: programme
SELECT t.slug AS tenant, p.slug AS programme, p.zone, p.currency
FROM platform.programme p JOIN platform.tenant t USING (tenant_id)
WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: versions
SELECT version, active_from, document::text AS document FROM platform.programme_version
WHERE tenant_id = $1 AND programme_id = $2
ORDER BY active_from, version;

-- name: rates
SELECT currency, version, rate_e9, valid_from FROM platform.exchange_rate
WHERE tenant_id = $1 AND programme_id = $2
ORDER BY currency, version;

-- name: turns
-- When kill switches were off.
SELECT kind, value, off_at, on_at FROM platform.kill_switch
WHERE tenant_id = $1 AND programme_id = $2
ORDER BY turn;

-- name: first_enrolment
SELECT min(enrolled_at) FROM members.member WHERE tenant_id = $1 AND programme_id = $2;

-- name: sources
SELECT source_prefix, programme_id FROM platform.source WHERE tenant_id = $1;

-- name: count_pages
SELECT count(*) FROM earning.decision_page WHERE tenant_id = $1 AND recorded_at >= $2;

-- name: pages
-- What counts from an instant on was recorded soon before it at the earliest, so older partitions are left alone.
SELECT page, body FROM earning.decision_page
WHERE tenant_id = $1 AND page > $2 AND recorded_at >= $3
ORDER BY page LIMIT $4;

-- name: plain
-- The receipts of these keys that are no more than a plain purchase.
SELECT receipt_key FROM earning.receipt
WHERE tenant_id = $1 AND programme_id = $2 AND receipt_key = ANY ($3::uuid[]) AND story IS NULL;

-- name: stories
-- The receipts of which more is known than a plain purchase.
SELECT receipt_key, story FROM earning.receipt
WHERE tenant_id = $1 AND programme_id = $2 AND receipt_key > $3 AND story IS NOT NULL
ORDER BY receipt_key LIMIT $4;

-- name: members
-- Members with the tiers that people named, in the order in which they were taken up, and the static lists that they are on.
SELECT m.member_id, m.enrolled_at, m.recorded_at,
       ARRAY(
           SELECT l.list FROM members.list_member l
           WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = m.member_id ORDER BY l.list
       ) AS lists,
       coalesce(array_agg(c.effective_at ORDER BY c.effective_at, c.number) FILTER (WHERE c.number IS NOT NULL), '{}') AS said_at,
       coalesce(array_agg(c.cause ORDER BY c.effective_at, c.number) FILTER (WHERE c.number IS NOT NULL), '{}') AS causes,
       coalesce(array_agg(c.to_level ORDER BY c.effective_at, c.number) FILTER (WHERE c.number IS NOT NULL), '{}') AS tiers
FROM (
    SELECT member_id, enrolled_at, recorded_at FROM members.member
    WHERE tenant_id = $1 AND programme_id = $2 AND member_id > $3
    ORDER BY member_id LIMIT $4
) m
LEFT JOIN members.tier_change c
    ON c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = m.member_id AND c.reason = 'given'
GROUP BY m.member_id, m.enrolled_at, m.recorded_at
ORDER BY m.member_id;

-- name: states
-- Every state that the profiles of some members were in.
SELECT member_id, revision, recorded_at, birthday, attributes::text AS attributes FROM vault.profile
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = ANY ($3::uuid[])
ORDER BY member_id, revision;
