-- What is designed for a programme: styles and landing pages in versions that nobody changes, and drafts of anything.

-- name: lock
-- Whoever publishes a design of a programme does it alone, up to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('notifier.design'), hashtext($1::int || '/' || $2::int));

-- name: heads
-- The last version of each, by name.
SELECT DISTINCT ON (d.name) d.kind, d.name, d.version, d.state, d.source::text AS source, d.note, d.published_by,
       d.published_at
FROM notifier.design d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.kind = $3
ORDER BY d.name, d.version DESC;

-- name: versions
-- All versions of one, the last first.
SELECT d.kind, d.name, d.version, d.state, d.source::text AS source, d.note, d.published_by, d.published_at
FROM notifier.design d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.kind = $3 AND d.name = $4
ORDER BY d.version DESC
LIMIT $5;

-- name: add
INSERT INTO notifier.design (tenant_id, programme_id, kind, name, version, state, source, note, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: all_styles
-- The last version of every style that the connection sees: what whoever writes messages keeps.
SELECT DISTINCT ON (d.tenant_id, d.programme_id, d.name)
       d.tenant_id, d.programme_id, d.name, d.version, d.source::text AS source
FROM notifier.design d
WHERE d.kind = 'style'
ORDER BY d.tenant_id, d.programme_id, d.name, d.version DESC;

-- name: drafts
-- The drafts of a programme, the last saved first; of one kind, where one is named.
SELECT d.kind, d.name, d.revision, d.source::text AS source, d.saved_by, d.saved_at
FROM notifier.design_draft d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND ($3::text IS NULL OR d.kind = $3) AND ($4::text IS NULL OR d.name = $4)
ORDER BY d.saved_at DESC, d.kind, d.name
LIMIT $5;

-- name: save_draft
-- Saved on the revision that its writer saw, 0 where there was none; without one, whatever there is. Nothing comes back
-- when somebody else was faster.
INSERT INTO notifier.design_draft AS d (tenant_id, programme_id, kind, name, revision, source, saved_by, saved_at)
SELECT $1, $2, $3, $4, 1, $6, $7, $8
WHERE $5::int IS NULL OR $5::int = 0 OR EXISTS (
    SELECT FROM notifier.design_draft o
    WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.kind = $3 AND o.name = $4
)
ON CONFLICT (tenant_id, programme_id, kind, name) DO UPDATE
SET revision = d.revision + 1, source = excluded.source, saved_by = excluded.saved_by, saved_at = excluded.saved_at
WHERE $5::int IS NULL OR d.revision = $5::int
RETURNING d.revision;

-- name: drop_draft
DELETE FROM notifier.design_draft d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.kind = $3 AND d.name = $4
RETURNING d.revision;
