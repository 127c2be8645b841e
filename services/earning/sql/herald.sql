-- name: told
SELECT tenant_id, programme_id, version, until FROM earning.told_programme;

-- name: untold
-- Versions that the world was not told of, in order.
SELECT v.tenant_id, v.programme_id, v.version, v.active_from, v.hash, v.recorded_at, v.restores
FROM platform.programme_version v
LEFT JOIN earning.told_programme t USING (tenant_id, programme_id)
WHERE v.version > coalesce(t.version, 0)
ORDER BY v.tenant_id, v.programme_id, v.version;

-- name: outages
-- Switches that are off, or were turned on again later than the world was told of.
SELECT s.tenant_id, s.programme_id, s.kind, s.value, s.off_at, s.on_at
FROM platform.kill_switch s
LEFT JOIN earning.told_programme t USING (tenant_id, programme_id)
WHERE s.kind = ANY ($1::text[]) AND (s.on_at IS NULL OR t.until IS NULL OR s.on_at > t.until)
ORDER BY s.tenant_id, s.programme_id, s.turn;

-- name: tell
-- Never backwards: another worker may have told more meanwhile.
INSERT INTO earning.told_programme AS t (tenant_id, programme_id, version, until) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, programme_id) DO UPDATE
SET version = greatest(t.version, excluded.version), until = greatest(t.until, excluded.until);

-- name: reached
-- Limits that nobody was told of, the first reached first.
SELECT tenant_id, programme_id, counter_key, share, most, used, reached_at
FROM earning.budget_reached
WHERE told_at IS NULL
ORDER BY reached_at, tenant_id, programme_id, counter_key, share
LIMIT $1;

-- name: reached_told
UPDATE earning.budget_reached b SET told_at = $1
FROM unnest($2::int[], $3::int[], $4::text[], $5::smallint[], $6::bigint[])
    AS v(tenant_id, programme_id, counter_key, share, most)
WHERE b.tenant_id = v.tenant_id AND b.programme_id = v.programme_id AND b.counter_key = v.counter_key
  AND b.share = v.share AND b.most = v.most;
