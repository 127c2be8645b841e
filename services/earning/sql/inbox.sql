-- name: body_hashes
SELECT i.tenant_id, i.event_key, i.body_hash
FROM unnest($1::int[], $2::uuid[]) AS v(tenant_id, event_key)
JOIN earning.inbox i USING (tenant_id, event_key);
