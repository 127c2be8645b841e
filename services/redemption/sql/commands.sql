-- name: advance
SELECT stream.advance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS moved;

-- name: begin_commands
SELECT * FROM redemption.begin_commands($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: body_hashes
SELECT i.body_hash, i.event_key FROM redemption.inbox i WHERE i.tenant_id = $1 AND i.event_key = ANY ($2::uuid[]);

-- name: end_commands
SELECT redemption.end_commands($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: count_days
SELECT earning.count_days($1, $2, $3, $4, $5, $6, $7, $8::jsonb[], $9);

-- name: sources
SELECT s.source_prefix, s.tenant_id, s.programme_id, s.mapping::text AS mapping FROM platform.source s
ORDER BY s.source_prefix;

-- name: origins
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme
FROM platform.programme p JOIN platform.tenant t USING (tenant_id);
