-- Landing pages: how often they were looked at and filled in.

-- name: count_visit
INSERT INTO gateway.page_day AS d (tenant_id, programme_id, name, day, visits, signups)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, programme_id, name, day) DO UPDATE
SET visits = d.visits + excluded.visits, signups = d.signups + excluded.signups;

-- name: visits
-- Day by day, the last first.
SELECT d.day, d.visits, d.signups
FROM gateway.page_day d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.name = $3
ORDER BY d.day DESC
LIMIT $4;

-- name: all_visits
SELECT d.name, sum(d.visits)::bigint AS visits, sum(d.signups)::bigint AS signups
FROM gateway.page_day d
WHERE d.tenant_id = $1 AND d.programme_id = $2
GROUP BY d.name;
