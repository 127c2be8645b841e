-- What channels keep: the cap of a day, inboxes, and the settings of providers.

-- name: reserve
-- Segments are added while the sum stays within the cap; nothing comes back when it would not.
INSERT INTO notifier.sms_day AS d (tenant_id, day, segments) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, day) DO UPDATE SET segments = d.segments + excluded.segments
WHERE d.segments + excluded.segments <= $4
RETURNING segments;

-- name: refuse
-- Counts what the cap has stopped today.
INSERT INTO notifier.sms_day AS d (tenant_id, day, segments, refused) VALUES ($1, $2, 0, 1)
ON CONFLICT (tenant_id, day) DO UPDATE SET refused = d.refused + 1
RETURNING refused;

-- name: give_back
UPDATE notifier.sms_day SET segments = greatest(segments - $3, 0) WHERE tenant_id = $1 AND day = $2;

-- name: put
-- The same message is put once.
INSERT INTO notifier.inbox (tenant_id, programme_id, member_id, message_id, place, words, sent_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, programme_id, member_id, message_id) DO NOTHING;

-- name: clear
-- What has expired is nobody's any more.
DELETE FROM notifier.inbox
WHERE (tenant_id, programme_id, member_id, message_id) IN (
    SELECT tenant_id, programme_id, member_id, message_id FROM notifier.inbox WHERE expires_at <= $1 LIMIT 500
);

-- name: providers
SELECT tenant_id, channel, kind, version, settings FROM notifier.provider;
