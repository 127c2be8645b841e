-- Files that were sent over HTTP, and how far they were taken in.

-- name: covering
-- The registered source of the tenant that a path belongs to: the longest prefix that ends at a segment.
SELECT s.mapping
FROM platform.source s
WHERE s.tenant_id = $1 AND ($2 = s.source_prefix OR starts_with($2, s.source_prefix || '/'))
ORDER BY length(s.source_prefix) DESC
LIMIT 1;

-- name: open_count
SELECT count(*) FROM gateway.file WHERE tenant_id = $1 AND ended_at IS NULL;

-- name: keep
-- Nothing comes back when the same file is there.
INSERT INTO gateway.file
    (tenant_id, file_id, name, source, form, encoding, delimiter, mapping, enrols, digest, sameness, size, received_at,
     state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, 'waiting')
ON CONFLICT (tenant_id, sameness) WHERE state NOT IN ('failed', 'cancelled') DO NOTHING
RETURNING file_id;

-- name: same
SELECT file_id FROM gateway.file WHERE tenant_id = $1 AND sameness = $2 AND state NOT IN ('failed', 'cancelled');

-- name: file
SELECT file_id, name, source, state, size, digest, received_at, ended_at, failure, line, bytes_read, read, published,
       rejected, moved_at, began_at, began_read, began_bytes
FROM gateway.file
WHERE tenant_id = $1 AND file_id = $2;

-- name: files
-- Newest first, since ids grow with time.
SELECT file_id, name, source, state, size, digest, received_at, ended_at, failure, line, bytes_read, read, published,
       rejected, moved_at, began_at, began_read, began_bytes
FROM gateway.file
WHERE tenant_id = $1 AND file_id < $2 AND ($3::text IS NULL OR state = $3)
ORDER BY file_id DESC
LIMIT $4;

-- name: rejects
SELECT number, line, field, reason, detail
FROM gateway.file_reject
WHERE tenant_id = $1 AND file_id = $2 AND number > $3
ORDER BY number
LIMIT $4;

-- name: cancel
UPDATE gateway.file SET state = 'cancelled', ended_at = $3, lease_until = NULL
WHERE tenant_id = $1 AND file_id = $2 AND ended_at IS NULL;

-- name: to_be_taken
-- Files that nobody works on, the oldest first.
SELECT file_id
FROM gateway.file
WHERE tenant_id = $1 AND ended_at IS NULL AND (lease_until IS NULL OR lease_until <= $2)
ORDER BY received_at
LIMIT 20;

-- name: take
UPDATE gateway.file
SET state = 'running', epoch = epoch + 1, lease_until = $4, began_at = $3, began_read = read, began_bytes = bytes_read,
    moved_at = $3
WHERE tenant_id = $1 AND file_id = $2 AND ended_at IS NULL AND (lease_until IS NULL OR lease_until <= $3)
RETURNING epoch, source, form, encoding, delimiter, mapping, enrols, line, place, read, published, rejected;

-- name: hold_on
UPDATE gateway.file SET lease_until = $4
WHERE tenant_id = $1 AND file_id = $2 AND epoch = $3 AND ended_at IS NULL
RETURNING epoch;

-- name: let_go
UPDATE gateway.file SET lease_until = NULL
WHERE tenant_id = $1 AND file_id = $2 AND epoch = $3 AND ended_at IS NULL;

-- name: move
UPDATE gateway.file
SET line = $4, place = $5, bytes_read = $6, read = $7, published = $8, rejected = $9, moved_at = $10::timestamptz,
    state = CASE WHEN $11::boolean THEN 'done' ELSE state END, ended_at = CASE WHEN $11 THEN $10::timestamptz END,
    lease_until = CASE WHEN NOT $11 THEN lease_until END
WHERE tenant_id = $1 AND file_id = $2 AND epoch = $3 AND ended_at IS NULL
RETURNING epoch;

-- name: add_rejects
INSERT INTO gateway.file_reject (tenant_id, file_id, number, line, field, reason, detail)
SELECT $1, $2, r.number, r.line, r.field, r.reason, r.detail
FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[]) AS r(number, line, field, reason, detail);

-- name: fail
UPDATE gateway.file SET state = 'failed', ended_at = $4, failure = $5, lease_until = NULL
WHERE tenant_id = $1 AND file_id = $2 AND epoch = $3 AND ended_at IS NULL;

-- name: lose
-- Whose bytes nobody has brought in for so long is lost.
UPDATE gateway.file SET state = 'failed', ended_at = $3, failure = $4, lease_until = NULL
WHERE tenant_id = $1 AND received_at <= $2 AND ended_at IS NULL AND (lease_until IS NULL OR lease_until <= $3);

-- name: forgettable
SELECT file_id FROM gateway.file WHERE tenant_id = $1 AND received_at <= $2 AND ended_at <= $2 ORDER BY received_at LIMIT 20;

-- name: forget_rejects
DELETE FROM gateway.file_reject WHERE tenant_id = $1 AND file_id = $2 AND number <= (
    SELECT min(number) + $3 FROM gateway.file_reject WHERE tenant_id = $1 AND file_id = $2
);

-- name: forget
DELETE FROM gateway.file f
WHERE f.tenant_id = $1 AND f.file_id = $2
  AND NOT EXISTS (SELECT FROM gateway.file_reject r WHERE r.tenant_id = $1 AND r.file_id = $2);

-- name: kept_of
-- Those of the ids that are known; bytes of others are left over from a stop.
SELECT file_id FROM gateway.file WHERE tenant_id = $1 AND file_id = ANY ($2::uuid[]);
