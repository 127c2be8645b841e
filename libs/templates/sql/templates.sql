-- Templates of a programme: versions, which nobody changes once they are there, and the images that they show.

-- name: lock
-- Whoever publishes at a programme does it alone, up to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('notifier.template'), hashtext($1::int || '/' || $2::int));

-- name: heads
-- The last version of each, by name, brand, language and channel.
SELECT DISTINCT ON (t.name, t.brand, t.language, t.channel)
       t.name, t.brand, t.language, t.channel, t.version, t.state, t.purpose, t.source::text AS source,
       t.compiled::text AS compiled, t.note, t.published_by, t.published_at
FROM notifier.template t
WHERE t.tenant_id = $1 AND t.programme_id = $2 AND ($3::text IS NULL OR t.name = $3)
ORDER BY t.name, t.brand, t.language, t.channel, t.version DESC;

-- name: versions
-- All versions of one, the last first.
SELECT t.name, t.brand, t.language, t.channel, t.version, t.state, t.purpose, t.source::text AS source,
       t.compiled::text AS compiled, t.note, t.published_by, t.published_at
FROM notifier.template t
WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.name = $3 AND t.brand = $4 AND t.language = $5 AND t.channel = $6
ORDER BY t.version DESC
LIMIT $7;

-- name: add
INSERT INTO notifier.template (tenant_id, programme_id, name, brand, language, channel, version, state, purpose, source,
                               compiled, note, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: numbers
-- The last version of each of everybody's: what somebody who keeps them compares.
SELECT DISTINCT ON (t.tenant_id, t.programme_id, t.name, t.brand, t.language, t.channel)
       t.tenant_id, t.programme_id, t.name, t.brand, t.language, t.channel, t.version
FROM notifier.template t
ORDER BY t.tenant_id, t.programme_id, t.name, t.brand, t.language, t.channel, t.version DESC;

-- name: add_image
INSERT INTO notifier.media (tenant_id, digest, media_type, content, added_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, digest) DO NOTHING;

-- name: image
-- Whosever it is.
SELECT m.media_type, m.content FROM notifier.media m WHERE m.digest = $1 LIMIT 1;
