-- name: pages
-- Decisions, by the pages ($2) on which they lie.
SELECT d.page, d.body FROM earning.decision_page d WHERE d.tenant_id = $1 AND d.page = ANY ($2::bigint[]);

-- name: places
SELECT p.place, p.partner, p.store FROM expiry.origin_place p WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: mixes
SELECT m.mix, m.campaigns, m.weights FROM expiry.origin_mix m WHERE m.tenant_id = $1 AND m.programme_id = $2;

-- name: kept
-- What is free by when it lapses, wallet, and where it came from; NULL for lots of which that is not kept yet. Members for whom
-- what lapses is not plain are left out.
SELECT s.lapses_at, s.wallet, s.places[s.at] AS place, s.mixes[s.at] AS mix, sum(s.points)::bigint AS points
FROM (
    SELECT l.expires_at AS lapses_at, l.wallet, l.remaining - l.held AS points, o.places, o.mixes,
           array_position(o.lots, l.seq) AS at
    FROM ledger.member m
    JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
    LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND l.remaining > l.held
      AND (NOT m.owing OR m.activates_at IS NULL) AND m.keeps IS NULL
    OFFSET bigint '0' -- so that each lot is looked for once, and the planner sees that there are few groups
) AS s
GROUP BY s.lapses_at, s.wallet, place, mix;
