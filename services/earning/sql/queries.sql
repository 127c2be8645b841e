-- name: sources
SELECT s.source_prefix, s.tenant_id, s.programme_id FROM platform.source s;

-- name: programmes
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme
FROM platform.programme p JOIN platform.tenant t USING (tenant_id);

-- name: versions
SELECT tenant_id, programme_id, version, active_from, document, hash
FROM platform.programme_version
ORDER BY tenant_id, programme_id, active_from, version;

-- name: fingerprint
-- Changes whenever a source or a version is added, changed or removed.
SELECT md5(coalesce((SELECT string_agg(s::text, '|' ORDER BY s.source_prefix) FROM platform.source s), '')
        || coalesce((SELECT string_agg(concat_ws(',', v.tenant_id, v.programme_id, v.version, v.active_from, v.hash), '|'
                                       ORDER BY v.tenant_id, v.programme_id, v.version)
                     FROM platform.programme_version v), ''));

-- name: begin_batch
SELECT * FROM earning.begin_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                                  $20, $21, $22, $23, $24);

-- name: counters
SELECT coalesce(c.used, 0) AS used
FROM unnest($1::int[], $2::int[], $3::text[]) WITH ORDINALITY AS k(tenant_id, programme_id, counter_key, ord)
LEFT JOIN earning.counter c USING (tenant_id, programme_id, counter_key)
ORDER BY k.ord;

-- name: save_batch
SELECT earning.save_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                          $22, $23, $24, $25, $26, $27, $28, $29);

-- name: count_uses
SELECT earning.count_uses($1, $2, $3, $4, $5);

-- name: identifier_owners
SELECT i.tenant_id, i.programme_id, i.identifier, i.member_id
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, identifier)
JOIN members.identifier i USING (tenant_id, programme_id, identifier)
WHERE i.member_id IS NOT NULL;

-- name: enrol_batch
SELECT earning.enrol_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
