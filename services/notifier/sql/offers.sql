-- name: spend
-- What members spent since a day ($4) on some categories and products ($5), by part of their days.
SELECT d.member_id, p.key AS part, sum(p.value::bigint)::bigint AS minor
FROM earning.member_day d
CROSS JOIN LATERAL jsonb_each_text(d.parts) AS p
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.member_id = ANY ($3::uuid[]) AND d.day >= $4
  AND p.key = ANY ($5::text[])
GROUP BY d.member_id, p.key;

-- name: had
-- Which of some rewards members have had.
SELECT o.member_id, array_agg(DISTINCT o.reference) AS rewards
FROM redemption.reward_order o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = ANY ($3::uuid[]) AND o.reference = ANY ($4::text[])
  AND o.state NOT IN ('released', 'expired') AND o.quantity > o.cancelled
GROUP BY o.member_id;
