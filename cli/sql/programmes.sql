-- name: programmes
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme, p.zone, p.currency
FROM platform.programme p
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR p.slug = $2)
ORDER BY t.slug, p.slug;
