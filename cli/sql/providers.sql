-- name: providers
SELECT t.slug AS tenant, p.tenant_id, p.channel, p.kind, p.version, p.set_at, p.set_by, p.settings
FROM notifier.provider p
JOIN platform.tenant t USING (tenant_id)
WHERE $1::int IS NULL OR p.tenant_id = $1
ORDER BY t.slug, p.channel;

-- name: put
INSERT INTO notifier.provider AS p (tenant_id, channel, kind, settings, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, channel) DO UPDATE
SET kind = excluded.kind, settings = excluded.settings, set_at = excluded.set_at, set_by = excluded.set_by,
    version = p.version + 1
RETURNING version;

-- name: remove
DELETE FROM notifier.provider WHERE tenant_id = $1 AND channel = $2 RETURNING kind;

-- name: sms_day
SELECT segments, refused FROM notifier.sms_day WHERE tenant_id = $1 AND day = $2;
