-- name: programmes
-- Two rows mean that the programme has to be named.
SELECT p.programme_id, p.slug, p.zone, p.currency
FROM platform.programme p
WHERE p.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2)
ORDER BY p.programme_id
LIMIT 2;
