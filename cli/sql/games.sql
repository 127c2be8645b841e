-- Invariants of games, in the form of those in verify.sql.

-- name: games_add_up
-- Tickets are numbered without a gap up to what the game counts, and so are spins; what was won of a prize and what is left of
-- it are what there was; what was paid stands in a redemption of its id; the best bid of an open auction is held.
WITH numbered AS (
    SELECT tenant_id, game_id, first, count, sum(count) OVER (PARTITION BY tenant_id, game_id ORDER BY first) AS last
    FROM redemption.game_ticket
), issued AS (
    SELECT tenant_id, game_id, max(last) AS tickets, bool_and(first = last - count + 1) AS gapless
    FROM numbered GROUP BY tenant_id, game_id
), spun AS (
    SELECT tenant_id, game_id, count(*) AS spins, max(number) AS last FROM redemption.game_spin GROUP BY tenant_id, game_id
), used AS (
    SELECT tenant_id, game_id, ticket_id, count(*) AS used FROM redemption.game_spin WHERE ticket_id IS NOT NULL
    GROUP BY tenant_id, game_id, ticket_id
), paid AS (
    SELECT tenant_id, game_id, redemption_id, points, 'redeemed' AS state FROM redemption.game_ticket WHERE points > 0
    UNION ALL
    SELECT tenant_id, game_id, redemption_id, points, 'redeemed' FROM redemption.game_spin WHERE points > 0
    UNION ALL
    SELECT b.tenant_id, b.game_id, coalesce(w.redemption_id, b.bid_id), b.points,
           CASE WHEN b.state = 'won' THEN 'redeemed' ELSE 'held' END
    FROM redemption.game_bid b
    JOIN redemption.game g ON g.tenant_id = b.tenant_id AND g.game_id = b.game_id
    LEFT JOIN redemption.game_win w ON w.tenant_id = b.tenant_id AND w.game_id = b.game_id AND b.state = 'won'
    WHERE b.state = 'won' OR g.best = b.bid_id AND g.state = 'open'
), flaw AS (
    SELECT g.tenant_id, g.game_id
    FROM redemption.game g LEFT JOIN issued i USING (tenant_id, game_id) LEFT JOIN spun s USING (tenant_id, game_id)
    WHERE (g.tickets, g.spins, g.spins) IS DISTINCT FROM (coalesce(i.tickets, 0), coalesce(s.spins, 0), coalesce(s.last, 0))
       OR NOT coalesce(i.gapless, true)
    UNION
    SELECT tenant_id, game_id
    FROM (SELECT tenant_id, game_id, ticket_id, used FROM redemption.game_ticket WHERE used > 0) AS t
    FULL JOIN used u USING (tenant_id, game_id, ticket_id)
    WHERE t.used IS DISTINCT FROM u.used
    UNION
    SELECT k.tenant_id, k.game_id
    FROM redemption.game_stock k
    LEFT JOIN redemption.game_spin s ON s.tenant_id = k.tenant_id AND s.game_id = k.game_id AND s.sector = k.prize
    GROUP BY k.tenant_id, k.game_id, k.prize, k.pieces, k.free
    HAVING count(s.number) + k.free <> k.pieces
    UNION
    SELECT w.tenant_id, w.game_id
    FROM redemption.game_win w
    JOIN redemption.game g ON g.tenant_id = w.tenant_id AND g.game_id = w.game_id AND g.kind = 'lottery'
    CROSS JOIN LATERAL jsonb_to_recordset(g.document -> 'prizes') AS p(name text, pieces int)
    WHERE p.name = w.prize
    GROUP BY w.tenant_id, w.game_id, p.name, p.pieces
    HAVING count(*) > coalesce(p.pieces, 1)
    UNION
    SELECT p.tenant_id, p.game_id
    FROM paid p LEFT JOIN redemption.redemption r ON r.tenant_id = p.tenant_id AND r.redemption_id = p.redemption_id
    WHERE (r.state, r.points, r.restored) IS DISTINCT FROM (p.state, p.points, 0::bigint)
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, game_id) AS key FROM flaw ORDER BY key LIMIT 5;
