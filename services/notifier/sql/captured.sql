-- name: capture
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: forget
-- The oldest go: people look at what came last.
DELETE FROM notifier.captured c
WHERE c.captured_at < (SELECT k.captured_at FROM notifier.captured k ORDER BY k.captured_at DESC OFFSET $1 LIMIT 1);
