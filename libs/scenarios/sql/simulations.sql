-- Scenarios tried on what happened, as they are asked for and looked at.

-- name: one_by_one
-- Holds back others who ask for the same company, to the end of the transaction: what waits is counted one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('simulation/' || $1::int, 0));

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
