-- name: wins
-- What was won in a game, in the order in which it was drawn or spun; the newest of a wheel first.
SELECT place, number, member_id, prize, at FROM redemption.game_win
WHERE tenant_id = $1 AND game_id = $2 ORDER BY at DESC, place LIMIT $3;

-- name: bids
-- The bids of an auction, the newest first.
SELECT member_id, points, state, at FROM redemption.game_bid
WHERE tenant_id = $1 AND game_id = $2 ORDER BY at DESC, points DESC LIMIT $3;

-- name: stops
-- How often a wheel stopped at each of its sectors.
SELECT sector, count(*)::int AS times FROM redemption.game_spin WHERE tenant_id = $1 AND game_id = $2 GROUP BY sector;

-- name: holders
-- How many members have tickets that count, and what was paid for all of them.
SELECT count(DISTINCT member_id) FILTER (WHERE count > voided)::int AS members, coalesce(sum(count - voided), 0)::int AS tickets,
       coalesce(sum(points), 0)::bigint AS points
FROM redemption.game_ticket WHERE tenant_id = $1 AND game_id = $2;

-- name: given
-- How many members have each badge of a programme, and how often it was given.
SELECT badge, count(DISTINCT member_id)::int AS members, sum(times - taken_back)::int AS times FROM redemption.badge_award
WHERE tenant_id = $1 AND programme_id = $2 AND times > taken_back GROUP BY badge;
