-- name: sweeps
-- The newest boundaries first; of one programme ($2) or all of the tenant's, one sweep ($3) or those behind a place ($4, $5).
SELECT s.sweep_id, p.slug AS programme, s.boundary, s.local_date, s.zone, s.tzdata, s.wallets, s.state, s.asked, s.preview,
       s.lapsed, s.spared, s.waived, s.members, s.announced_at, s.started_at, s.ended_at,
       s.approved_by, s.approved_at,
       coalesce((SELECT jsonb_agg(c.done) FROM expiry.chunk c
                 WHERE c.tenant_id = s.tenant_id AND c.programme_id = s.programme_id AND c.boundary = s.boundary), '[]')
           AS done,
       coalesce((SELECT sum(c.members) FROM expiry.chunk c
                 WHERE c.tenant_id = s.tenant_id AND c.programme_id = s.programme_id AND c.boundary = s.boundary), 0)::bigint
           AS members_done
FROM expiry.sweep s
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE s.tenant_id = $1 AND ($2::int IS NULL OR s.programme_id = $2) AND ($3::uuid IS NULL OR s.sweep_id = $3)
  AND ($4::timestamptz IS NULL OR (s.boundary, p.slug) < ($4, $5::text))
ORDER BY s.boundary DESC, p.slug DESC
LIMIT $6;

-- name: ask
-- $4: the states in which it makes sense; what starts by hand must have come to its boundary ($5). Nobody approves of what
-- they wanted run or published themselves.
UPDATE expiry.sweep s SET asked = $3, asked_by = $6
WHERE s.tenant_id = $1 AND s.sweep_id = $2 AND s.state = ANY ($4::text[]) AND ($3 <> 'run' OR s.boundary <= $5)
  AND ($3 <> 'approve' OR (s.asked, s.asked_by) IS DISTINCT FROM ('run', $6) AND NOT EXISTS (
      SELECT FROM platform.programme_version v
      WHERE v.tenant_id = s.tenant_id AND v.programme_id = s.programme_id AND left(v.published_by, 64) = $6
        AND v.version = (SELECT max(w.version) FROM platform.programme_version w
                         WHERE w.tenant_id = s.tenant_id AND w.programme_id = s.programme_id)))
RETURNING s.sweep_id;

-- name: documents
-- What each version of a programme says, for its boundaries ahead.
SELECT v.document FROM platform.programme_version v WHERE v.tenant_id = $1 AND v.programme_id = $2 ORDER BY v.version;

-- name: days_due
-- When the next points of members lapse, behind $3 and no later than $4; it reads all heads of a programme.
SELECT DISTINCT m.lapses_at AS at
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at > $3 AND m.lapses_at <= $4
ORDER BY at;
