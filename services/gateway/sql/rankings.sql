-- name: members
-- Members by what they did in a stretch of days: $5 is points, visits or spend, in a store ($6) what was spent there.
WITH score AS (
    SELECT d.member_id, sum(CASE WHEN $6::text IS NOT NULL THEN coalesce((d.parts ->> ('store:' || $6))::bigint, 0)
                                 WHEN $5 = 'points' THEN d.points WHEN $5 = 'visits' THEN d.visits ELSE d.spend_minor END)::bigint AS score
    FROM earning.member_day d
    WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.day >= $3 AND d.day < $4 AND ($7::uuid IS NULL OR d.member_id = $7)
    GROUP BY d.member_id
)
SELECT member_id::text AS key, score, count(*) OVER () AS of FROM score WHERE score > 0 ORDER BY score DESC, member_id LIMIT $8;

-- name: above
-- How many members have more than a score, and how many have any.
WITH score AS (
    SELECT sum(CASE WHEN $6::text IS NOT NULL THEN coalesce((d.parts ->> ('store:' || $6))::bigint, 0)
                    WHEN $5 = 'points' THEN d.points WHEN $5 = 'visits' THEN d.visits ELSE d.spend_minor END)::bigint AS score
    FROM earning.member_day d
    WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.day >= $3 AND d.day < $4
    GROUP BY d.member_id
)
SELECT count(*) FILTER (WHERE score > $7) AS above, count(*) AS of FROM score WHERE score > 0;

-- name: parts
-- Products, categories or stores ($5 begins the names of their parts) by what was spent on them, by all members.
SELECT substr(e.key, length($5::text) + 1) AS key, sum(e.value::bigint)::bigint AS score, count(*) OVER () AS of
FROM earning.member_day d CROSS JOIN LATERAL jsonb_each_text(d.parts) AS e(key, value)
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.day >= $3 AND d.day < $4 AND starts_with(e.key, $5)
GROUP BY e.key HAVING sum(e.value::bigint) > 0 ORDER BY score DESC, key LIMIT $6;

-- name: rewards
-- Rewards by the pieces that were ordered between two instants and not given up, everywhere or in a store.
SELECT o.reference AS key, sum(o.quantity - o.cancelled)::bigint AS score, count(*) OVER () AS of
FROM redemption.reward_order o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.ordered_at >= $3 AND o.ordered_at < $4 AND ($5::text IS NULL OR o.store = $5)
GROUP BY o.reference HAVING sum(o.quantity - o.cancelled) > 0 ORDER BY score DESC, key LIMIT $6;
