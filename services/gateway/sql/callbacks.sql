-- What providers tell afterwards.

-- name: provider
SELECT settings FROM notifier.provider WHERE tenant_id = $1 AND channel = $2;

-- name: feedback
-- The same word about the same message counts once.
INSERT INTO notifier.feedback (tenant_id, feedback_id, delivery_id, kind, reason, dead, at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (tenant_id, feedback_id) DO NOTHING;

-- name: owners
-- Everybody who has an address; two members may share a telephone.
SELECT programme_id, member_id FROM vault.contact WHERE tenant_id = $1 AND channel = $2 AND digest = $3;
