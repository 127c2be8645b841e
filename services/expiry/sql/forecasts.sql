-- name: turn
-- One worker at a time makes forecasts, until its transaction ends.
SELECT pg_try_advisory_xact_lock(7203941, 26);

-- name: made
-- When the last forecast of each programme was made, the last for good, when the last of its sweeps was over, and whether one
-- is at work.
SELECT p.tenant_id, p.programme_id,
       (SELECT f.as_of FROM expiry.latest_forecast f
        WHERE f.tenant_id = p.tenant_id AND f.programme_id = p.programme_id) AS latest_at,
       (SELECT max(f.as_of) FROM expiry.forecast f
        WHERE f.tenant_id = p.tenant_id AND f.programme_id = p.programme_id) AS made_at,
       (SELECT max(s.ended_at) FROM expiry.sweep s
        WHERE s.tenant_id = p.tenant_id AND s.programme_id = p.programme_id) AS swept_at,
       EXISTS (SELECT FROM expiry.sweep s
               WHERE s.tenant_id = p.tenant_id AND s.programme_id = p.programme_id AND s.state = 'running') AS sweeping
FROM platform.programme p;
