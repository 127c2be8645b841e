-- Who loses what of a wallet ($3) at a boundary ($5), of lots with a date behind $4: members behind $6 up to $7 of tenant $1
-- and programme $2, who lose at least $8 points and are in one of some tiers ($9) and segments ($10); NULL asks for none.

-- name: members
-- In one statement, so that everybody is in it once; members for whom an activation is due before, or whom
-- something may spare, have no numbers yet.
WITH found AS (
    SELECT l.member_id, l.spread, l.tier, l.lots, l.points, NULL::bigint AS seq, NULL::text AS keeps
    FROM expiry.losing($1, $2, $3, $4, $5, $6, $7) AS l
    UNION ALL
    SELECT m.member_id, m.spread, m.tier, NULL, NULL, m.seq, m.keeps::text
    FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $6 AND m.member_id <= $7 AND m.lapses_at <= $5
      AND (m.activates_at <= $5 OR m.keeps IS NOT NULL)
)
SELECT f.* FROM found f
WHERE (f.points IS NULL OR f.points >= $8) AND ($9::text[] IS NULL OR f.tier = ANY ($9))
  AND ($10::text[] IS NULL OR EXISTS (
      SELECT FROM members.segment_member s
      WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = f.member_id AND s.segment = ANY ($10)))
ORDER BY f.member_id;

-- name: of_members
-- The same of single members ($6), of whom there are few: what is free of their lots with a date behind $4, up to $5. The lots
-- of each are found by the primary key, whatever the planner knows of the table (`OFFSET 0`).
SELECT m.member_id, m.spread, m.tier, count(*) AS lots, sum(l.free)::bigint AS points, NULL::bigint AS seq, NULL::text AS keeps
FROM ledger.member m
CROSS JOIN LATERAL (
    SELECT x.remaining - x.held AS free FROM ledger.lot x
    WHERE x.tenant_id = m.tenant_id AND x.programme_id = m.programme_id AND x.member_id = m.member_id
      AND x.wallet = $3 AND x.remaining > x.held
      AND coalesce(x.now_expires_at, x.expires_at) > $4 AND coalesce(x.now_expires_at, x.expires_at) <= $5
    OFFSET 0
) AS l
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($6::uuid[])
  AND m.lapses_at <= $5 AND (m.activates_at IS NULL OR m.activates_at > $5) AND m.keeps IS NULL
GROUP BY m.member_id, m.spread, m.tier
UNION ALL
SELECT m.member_id, m.spread, m.tier, NULL, NULL, m.seq, m.keeps::text
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($6::uuid[]) AND m.lapses_at <= $5
  AND (m.activates_at <= $5 OR m.keeps IS NOT NULL);

-- name: by_tier
SELECT l.tier, count(*) AS members, sum(l.lots)::bigint AS lots, sum(l.points)::bigint AS points
FROM expiry.losing($1, $2, $3, $4, $5, $6, $7) AS l
WHERE l.points >= $8 AND ($9::text[] IS NULL OR l.tier = ANY ($9))
  AND ($10::text[] IS NULL OR EXISTS (
      SELECT FROM members.segment_member s
      WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = l.member_id AND s.segment = ANY ($10)))
GROUP BY l.tier
ORDER BY l.tier NULLS FIRST;

-- name: activating
-- Members behind $4 for whom an activation is due before, or whom something may spare: at most $7 of them, and in one of some tiers ($5) and segments ($6).
SELECT m.member_id, m.seq, m.spread, m.tier, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $4 AND m.lapses_at <= $3
  AND (m.activates_at <= $3 OR m.keeps IS NOT NULL) AND ($5::text[] IS NULL OR m.tier = ANY ($5))
  AND ($6::text[] IS NULL OR EXISTS (
      SELECT FROM members.segment_member s
      WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = m.member_id AND s.segment = ANY ($6)))
ORDER BY m.member_id
LIMIT $7;
