-- name: reminders
-- The steps that came due last first, of one programme ($2) or all of the tenant's, behind a place ($3, $4).
SELECT p.slug AS programme, r.wallet, r.boundary, r.step, r.days, r.due_at, r.local_date, r.zone, r.programme_version AS version,
       r.min_points, r.tiers, r.segments, r.state, r.started_at, r.ended_at,
       coalesce((SELECT jsonb_agg(c.told) FROM expiry.reminder_chunk c
                 WHERE c.tenant_id = r.tenant_id AND c.programme_id = r.programme_id AND c.wallet = r.wallet
                   AND c.boundary = r.boundary AND c.step = r.step), '[]') AS told,
       l.place
FROM expiry.reminder r
JOIN platform.programme p USING (tenant_id, programme_id)
CROSS JOIN LATERAL (
    SELECT (p.slug || '/' || r.wallet || '/' || extract(epoch FROM r.boundary)::bigint || '/' || r.step) COLLATE "C" AS place
) AS l
WHERE r.tenant_id = $1 AND ($2::int IS NULL OR r.programme_id = $2)
  AND ($3::timestamptz IS NULL OR (r.due_at, l.place) < ($3, $4::text))
ORDER BY r.due_at DESC, l.place DESC
LIMIT $5;

-- name: versions
-- What each version of a programme says, and since when.
SELECT v.version, v.active_from, v.document FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 ORDER BY v.version;
