-- name: tenants
SELECT DISTINCT s.tenant_id FROM redemption.standing_order s WHERE s.is_on ORDER BY s.tenant_id;

-- name: due
-- Standing orders of members whose ledgers have moved since they were looked at, and those that are to be tried again.
SELECT s.programme_id, s.member_id, s.reference, s.at_points, s.repeats, s.done, s.barred, m.seq, m.spread
FROM redemption.standing_order s JOIN ledger.member m USING (tenant_id, programme_id, member_id)
WHERE s.tenant_id = $1 AND s.is_on AND (s.seen < m.seq OR s.again_at <= $2)
ORDER BY s.asked_at, s.programme_id, s.member_id, s.reference LIMIT $3;

-- name: see
UPDATE redemption.standing_order s SET seen = $5, barred = NULL, barred_at = NULL, again_at = NULL
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3 AND s.reference = $4 AND s.done = $6;

-- name: ordered
-- What was ordered is counted once, whoever else has looked; one that does not repeat is off then.
UPDATE redemption.standing_order s
SET done = s.done + 1, order_id = $6, done_at = $7, is_on = s.is_on AND s.repeats, barred = NULL, barred_at = NULL, again_at = NULL
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3 AND s.reference = $4 AND s.done = $5;

-- name: bar
-- Answers with a row where that is news.
UPDATE redemption.standing_order s
SET seen = $5, barred = $7::text, barred_at = CASE WHEN s.barred = $7::text THEN s.barred_at ELSE $8::timestamptz END,
    again_at = $9::timestamptz, is_on = $9::timestamptz IS NOT NULL
FROM redemption.standing_order before
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3 AND s.reference = $4 AND s.done = $6 AND s.is_on
  AND before.tenant_id = s.tenant_id AND before.programme_id = s.programme_id AND before.member_id = s.member_id
  AND before.reference = s.reference
RETURNING before.barred IS DISTINCT FROM $7::text AS news;
