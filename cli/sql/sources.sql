-- name: add
-- The mapping of a source that is there changes only when one is given. Nothing comes back when it is another's.
INSERT INTO platform.source AS s (source_prefix, tenant_id, programme_id, mapping)
VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (source_prefix) DO UPDATE SET mapping = coalesce(excluded.mapping, s.mapping)
WHERE s.tenant_id = $2 AND s.programme_id = $3
RETURNING s.xmax = 0 AS fresh;

-- name: remove
DELETE FROM platform.source WHERE source_prefix = $1 RETURNING source_prefix;

-- name: sources
SELECT s.source_prefix AS prefix, t.slug AS tenant, p.slug AS programme, s.mapping
FROM platform.source s
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR p.slug = $2)
ORDER BY s.source_prefix;

-- name: covering
-- The registered source that a path belongs to: the longest prefix that ends at a segment.
SELECT s.source_prefix AS prefix, t.slug AS tenant, p.slug AS programme, s.tenant_id, s.programme_id, s.mapping
FROM platform.source s
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE $1 = s.source_prefix OR starts_with($1, s.source_prefix || '/')
ORDER BY length(s.source_prefix) DESC
LIMIT 1;
