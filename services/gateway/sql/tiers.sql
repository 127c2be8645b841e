-- name: sets
-- The version in force, if it has tiers.
SELECT v.version, v.document ->> 'zone' AS zone, v.document -> 'tier_sets' AS tier_sets,
       v.document -> 'wallets' AS wallets
FROM (
    SELECT version, document
    FROM platform.programme_version
    WHERE tenant_id = $1 AND programme_id = $2 AND active_from <= $3
    ORDER BY active_from DESC, version DESC
    LIMIT 1
) AS v
WHERE v.document ? 'tier_sets';

-- name: standings
SELECT tier_set, level, since, until, seen_on, given, due_at, warned, changes
FROM members.tier_standing
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: days
SELECT day, visits, spend_minor, points, parts::text AS parts
FROM earning.member_day
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3
ORDER BY day;

-- name: changes
-- Newest first.
SELECT tier_set, number, from_level, to_level, reason, effective_at, until, programme_version, figures::text AS figures,
       recorded_at
FROM members.tier_change
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3
ORDER BY recorded_at DESC, tier_set, number DESC
LIMIT $4;
