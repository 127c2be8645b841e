-- What became of the points of a boundary ($3), of tenant $1 and programme $2, by the ledger itself: all that lapsed or was
-- spared behind the boundary before it, whoever wrote it down, and what of it was given back since.

-- name: moved
-- By what happened, tier and wallet. The tier is that of the boundary, in the set $4: the last that somebody reached by
-- then, or the one that they left later; of those whose tier never changed it is the one they have.
WITH span AS (
    SELECT coalesce(max(s.boundary), '-infinity') AS after FROM expiry.sweep s
    WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary < $3
), lapsed AS (
    SELECT m.member_id, m.seq, m.wallet, m.amount, m.kind::text AS kind
    FROM span CROSS JOIN ledger.movement m
    LEFT JOIN ledger.waiver w USING (tenant_id, programme_id, member_id, seq)
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND (m.kind = 'expire' OR w.seq IS NOT NULL)
      AND m.effective_at <= $3 AND m.effective_at > span.after
      AND (m.kind = 'expire' OR EXISTS (
          SELECT FROM ledger.waiver w
          WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = m.member_id AND w.seq = m.seq
      )) -- dates move for other reasons too: extended, kept alive, other terms
), moved AS (
    SELECT member_id, seq, wallet, amount, kind FROM lapsed
    UNION ALL
    SELECT r.member_id, r.seq, r.wallet, r.amount, 'restore'
    FROM lapsed l
    JOIN ledger.movement r ON r.tenant_id = $1 AND r.programme_id = $2 AND r.member_id = l.member_id AND r.corrects = l.seq
    WHERE r.kind = 'restore' AND l.kind = 'expire'
), tiers AS (
    SELECT d.member_id,
           CASE WHEN b.number IS NOT NULL THEN b.to_level WHEN a.number IS NOT NULL THEN a.from_level ELSE h.tier END AS tier
    FROM (SELECT DISTINCT member_id FROM moved) AS d
    JOIN ledger.member h ON h.tenant_id = $1 AND h.programme_id = $2 AND h.member_id = d.member_id
    LEFT JOIN LATERAL (
        SELECT c.number, c.to_level FROM members.tier_change c
        WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = d.member_id AND c.tier_set = $4
          AND c.effective_at <= $3
        ORDER BY c.number DESC LIMIT 1
    ) AS b ON true
    LEFT JOIN LATERAL (
        SELECT c.number, c.from_level FROM members.tier_change c
        WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = d.member_id AND c.tier_set = $4
          AND c.effective_at > $3
        ORDER BY c.number LIMIT 1
    ) AS a ON true
)
SELECT m.kind, t.tier, m.wallet, count(DISTINCT m.member_id) AS members, sum(m.amount)::bigint AS points
FROM moved m JOIN tiers t USING (member_id)
GROUP BY m.kind, t.tier, m.wallet
ORDER BY m.kind, t.tier NULLS FIRST, m.wallet;

-- name: earned
-- Every lot of which something lapsed, with the page that says what earned it, page by page.
SELECT i.page, l.cause, $3::timestamptz AS lapses_at, l.wallet, a.amount AS points
FROM ledger.movement m
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
JOIN ledger.lot l ON l.tenant_id = a.tenant_id AND l.programme_id = a.programme_id AND l.member_id = a.member_id
                 AND l.seq = a.lot_seq
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.kind = 'expire' AND m.effective_at <= $3
  AND m.effective_at > coalesce((SELECT max(s.boundary) FROM expiry.sweep s
                                 WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary < $3), '-infinity')
ORDER BY i.page;
