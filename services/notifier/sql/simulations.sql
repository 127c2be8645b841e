-- Scenarios tried on what happened, by whoever carries that out.

-- name: take
-- The one that waits for longest, or whose worker was not heard of by $1; until $2.
UPDATE notifier.simulation s SET state = 'running', lease_until = $2, attempts = s.attempts + 1
WHERE (s.tenant_id, s.simulation_id) = (
    SELECT k.tenant_id, k.simulation_id FROM notifier.simulation k
    WHERE k.state = 'waiting' OR (k.state = 'running' AND k.lease_until < $1)
    ORDER BY k.asked_at
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING s.tenant_id, s.programme_id, s.simulation_id, s.days, s.scenarios::text AS scenarios, s.attempts,
          (SELECT t.slug FROM platform.tenant t WHERE t.tenant_id = s.tenant_id) AS tenant,
          (SELECT p.slug FROM platform.programme p
           WHERE p.tenant_id = s.tenant_id AND p.programme_id = s.programme_id) AS programme;

-- name: settle
-- What came of it; nothing where somebody else has taken it meanwhile.
UPDATE notifier.simulation s SET state = $4, lease_until = NULL, result = $5::jsonb, ended_at = $6
WHERE s.tenant_id = $1 AND s.simulation_id = $2 AND s.attempts = $3 AND s.state = 'running';

-- name: again
-- Whoever looks after an instant ($4) takes it up again.
UPDATE notifier.simulation s SET lease_until = $4
WHERE s.tenant_id = $1 AND s.simulation_id = $2 AND s.attempts = $3 AND s.state = 'running';

-- name: forget
DELETE FROM notifier.simulation WHERE ended_at < $1;
