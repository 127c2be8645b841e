-- name: sources
SELECT s.source_prefix, s.tenant_id, s.programme_id, s.mapping::text AS mapping FROM platform.source s
ORDER BY s.source_prefix;

-- name: rates
SELECT tenant_id, programme_id, currency, version, rate_e9, valid_from FROM platform.exchange_rate;

-- name: programmes
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme, p.name
FROM platform.programme p JOIN platform.tenant t USING (tenant_id);

-- name: versions
SELECT tenant_id, programme_id, version, active_from, document, hash
FROM platform.programme_version
ORDER BY tenant_id, programme_id, active_from, version;

-- name: switches
-- The switches that are off.
SELECT tenant_id, programme_id, kind, value FROM platform.kill_switch WHERE on_at IS NULL
ORDER BY tenant_id, programme_id, turn;

-- name: blocked
-- The members who are blocked.
SELECT tenant_id, programme_id, array_agg(member_id) AS members FROM members.block WHERE lifted_at IS NULL
GROUP BY tenant_id, programme_id;

-- name: digests
SELECT earning.rules_digest() AS rules, earning.switches_digest() AS switches;
