-- Members who have points left of one version of a programme.

-- name: versions
SELECT v.active_from, v.document
FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2
ORDER BY v.active_from, v.version;

-- name: members
-- Those behind $3 with free points of version $4, and what decides by which policy they lapse.
SELECT h.member_id, h.seq, h.tier, h.keeps::text AS keeps, m.enrolled_at, (
    SELECT array_agg(s.segment ORDER BY s.segment) FROM members.segment_member s
    WHERE s.tenant_id = h.tenant_id AND s.programme_id = h.programme_id AND s.member_id = h.member_id
) AS segments
FROM ledger.member h
JOIN members.member m USING (tenant_id, programme_id, member_id)
WHERE h.tenant_id = $1 AND h.programme_id = $2 AND h.member_id > $3
  AND EXISTS (
      SELECT FROM ledger.lot l
      WHERE l.tenant_id = h.tenant_id AND l.programme_id = h.programme_id AND l.member_id = h.member_id
        AND l.policy_version = $4 AND l.remaining > l.held
  )
ORDER BY h.member_id
LIMIT $5;
