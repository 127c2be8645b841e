-- What waits for members: in the inbox of the app, and at the till.

-- name: messages
-- Newest first, below a place; what has expired by an instant is left out unless asked for.
SELECT message_id, words, sent_at, expires_at, read_at
FROM notifier.inbox
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND place = $4
  AND ($5::boolean OR expires_at IS NULL OR expires_at > $6)
  AND ($7::boolean OR read_at IS NULL)
  AND ($8::timestamptz IS NULL OR (sent_at, message_id) < ($8, $9::uuid))
ORDER BY sent_at DESC, message_id DESC
LIMIT $10;

-- name: unread
SELECT count(*) FROM notifier.inbox
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND place = 'inbox' AND read_at IS NULL
  AND (expires_at IS NULL OR expires_at > $4);

-- name: read
-- The first time counts; the message comes back, read before or now.
UPDATE notifier.inbox SET read_at = coalesce(read_at, $5)
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND message_id = $4 AND place = 'inbox'
RETURNING message_id, words, sent_at, expires_at, read_at;
