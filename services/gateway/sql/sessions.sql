-- Sessions whose owners have signed out.

-- name: end_session
INSERT INTO gateway.session_ended (tenant_id, session_id, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: forget_sessions
DELETE FROM gateway.session_ended WHERE tenant_id = $1 AND until < $2;

-- name: session_ended
-- Asked before a transaction knows its tenant, as keys are.
SELECT EXISTS (SELECT FROM gateway.session_ended e WHERE e.tenant_id = $1 AND e.session_id = $2);
