-- name: capture
INSERT INTO notifier.captured (tenant_id, delivery_id, channel, captured_at, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: forget
-- The oldest go: people look at what came last, of which so many ($1) stay. Letters wait for the post, until an instant ($2).
WITH others AS (
    DELETE FROM notifier.captured c
    WHERE c.channel <> 'file'
      AND c.captured_at < (SELECT k.captured_at FROM notifier.captured k WHERE k.channel <> 'file'
                           ORDER BY k.captured_at DESC OFFSET $1 LIMIT 1)
)
DELETE FROM notifier.captured c WHERE c.channel = 'file' AND c.captured_at < $2;
