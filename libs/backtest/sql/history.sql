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

-- name: merges
-- Members who were merged into others, in the order of time.
SELECT member_id, survivor_id, merged_at, undone_at FROM members.merge
WHERE tenant_id = $1 AND programme_id = $2
ORDER BY merged_at, member_id, number;

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
-- Members with the tiers that people named, in the order in which they were taken up, the static lists that they are on, and
-- when it was seen that they came on those that the programme names, or left them.
SELECT m.member_id, m.enrolled_at, m.recorded_at,
       ARRAY(
           SELECT l.list FROM members.list_member l
           WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = m.member_id ORDER BY l.list
       ) AS lists,
       ARRAY(
           SELECT l.added_at FROM members.list_member l
           WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = m.member_id ORDER BY l.list
       ) AS added_at,
       ARRAY(
           SELECT t.effective_at FROM members.segment_change t
           WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.member_id = m.member_id AND t.segment = ANY ($5::text[])
           ORDER BY t.segment, t.number
       ) AS turned_at,
       ARRAY(
           SELECT t.segment FROM members.segment_change t
           WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.member_id = m.member_id AND t.segment = ANY ($5::text[])
           ORDER BY t.segment, t.number
       ) AS turned,
       ARRAY(
           SELECT t.entered FROM members.segment_change t
           WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.member_id = m.member_id AND t.segment = ANY ($5::text[])
           ORDER BY t.segment, t.number
       ) AS entered,
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

-- name: moves
-- What was done with points and is not judged again, in order: spent or reserved, given back, given, taken and passed on by
-- people. What a merge moved is left out, for the merge is done again.
SELECT d.member_id, d.recorded_at, d.wallet, d.points, d.active_from, d.expires_at
FROM (
    SELECT m.member_id, m.seq, m.recorded_at, m.wallet, -m.amount AS points, NULL::timestamptz AS active_from,
           NULL::timestamptz AS expires_at, m.cause
    FROM ledger.movement m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
      AND m.kind IN ('redeem', 'hold', 'transfer', 'adjust') AND m.from_account IN ('active', 'pending')
    UNION ALL
    SELECT m.member_id, m.seq, m.recorded_at, m.wallet, a.amount, NULL, CASE WHEN m.moves_expiry THEN m.new_expires_at ELSE l.expires_at END,
           m.cause
    FROM ledger.movement m
    JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
    JOIN ledger.lot_now l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = m.member_id AND l.seq = a.lot_seq
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
      AND m.kind IN ('restore', 'release') AND m.to_account = 'active'
    UNION ALL
    SELECT o.member_id, o.seq, o.recorded_at, o.wallet, o.amount, o.active_from, o.expires_at, o.cause
    FROM ledger.lot o
    WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = ANY ($3::uuid[])
      AND o.opened_by IN ('adjust', 'transfer')
) AS d
WHERE NOT EXISTS (
    SELECT FROM members.merge g
    WHERE g.tenant_id = $1 AND g.programme_id = $2 AND d.cause IN (g.cause, g.undone_by)
)
ORDER BY d.member_id, d.recorded_at, d.seq;

-- name: redeemed
-- Redemptions that count in what members did, or did count until they were taken back.
SELECT member_id, state, counted_on, asked_at, changed_at FROM redemption.redemption
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = ANY ($3::uuid[]) AND counted_on IS NOT NULL
  AND state IN ('redeemed', 'cancelled')
ORDER BY member_id, asked_at, redemption_id;
