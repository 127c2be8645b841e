-- Scenarios tried on what happened, as they are asked for and looked at.

-- name: ask
INSERT INTO notifier.simulation (tenant_id, simulation_id, programme_id, days, scenarios, asked_by, asked_at)
SELECT $1, $2, $3, $4, $5::jsonb, $6, $7
WHERE (SELECT count(*) FROM notifier.simulation s WHERE s.tenant_id = $1 AND s.state IN ('waiting', 'running')) < $8
RETURNING simulation_id;

-- name: newest
-- The newest of a company, or one ($2) of them.
SELECT s.simulation_id, s.programme_id, p.slug AS programme, s.days, s.state, s.result::text AS result, s.asked_by, s.asked_at,
       s.ended_at
FROM notifier.simulation s
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE s.tenant_id = $1 AND ($2::uuid IS NULL OR s.simulation_id = $2)
ORDER BY s.asked_at DESC, s.simulation_id
LIMIT $3;
