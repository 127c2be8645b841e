-- name: games
-- Games of a tenant, by programme and name, or one of them.
SELECT g.game_id, g.name, p.slug AS programme, g.kind, g.version, g.state, g.opens_at, g.closes_at, g.commitment, g.seed,
       g.entries_digest, g.tickets, g.spins, b.points AS best, g.ended_at, g.changed_at, g.document::text AS document,
       (SELECT jsonb_object_agg(k.prize, k.free)::text FROM redemption.game_stock k
        WHERE k.tenant_id = g.tenant_id AND k.game_id = g.game_id) AS left
FROM redemption.game g
JOIN platform.programme p ON p.tenant_id = g.tenant_id AND p.programme_id = g.programme_id
LEFT JOIN redemption.game_bid b ON b.tenant_id = g.tenant_id AND b.game_id = g.game_id AND b.bid_id = g.best
WHERE g.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR g.name = $3)
ORDER BY p.slug, g.closes_at DESC, g.name;

-- name: entries
SELECT coalesce(drawn_for, member_id) AS member_id, first, count - voided AS count FROM redemption.game_ticket
WHERE tenant_id = $1 AND game_id = $2 AND count > voided ORDER BY first;

-- name: wins
SELECT place, number, member_id, prize, at FROM redemption.game_win WHERE tenant_id = $1 AND game_id = $2 ORDER BY place;

-- name: spins
SELECT number, member_id, word, sector FROM redemption.game_spin WHERE tenant_id = $1 AND game_id = $2 ORDER BY number;

-- name: tickets_of_member
SELECT t.ticket_id, g.name AS game, t.member_id, t.first, t.count, t.count - t.voided - t.used AS left, t.points, t.campaign,
       t.issued_at
FROM redemption.game_ticket t
JOIN redemption.game g ON g.tenant_id = t.tenant_id AND g.game_id = t.game_id
WHERE t.tenant_id = $1 AND g.programme_id = $2 AND t.member_id = $3 ORDER BY t.issued_at DESC, t.ticket_id LIMIT 200;

-- name: wins_of_member
SELECT g.name AS game, g.kind, w.number, w.prize, w.at
FROM redemption.game_win w
JOIN redemption.game g ON g.tenant_id = w.tenant_id AND g.game_id = w.game_id
WHERE w.tenant_id = $1 AND g.programme_id = $2 AND w.member_id = $3 ORDER BY w.at DESC, g.name, w.place LIMIT 200;

-- name: bids_of_member
SELECT b.bid_id, g.name AS game, b.points, b.state, b.at, g.closes_at
FROM redemption.game_bid b
JOIN redemption.game g ON g.tenant_id = b.tenant_id AND g.game_id = b.game_id
WHERE b.tenant_id = $1 AND g.programme_id = $2 AND b.member_id = $3 ORDER BY b.at DESC, b.bid_id LIMIT 200;

-- name: badges
SELECT b.name, p.slug AS programme, b.document::text AS document, b.changed_at
FROM redemption.badge b
JOIN platform.programme p ON p.tenant_id = b.tenant_id AND p.programme_id = b.programme_id
WHERE b.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR b.name = $3) ORDER BY p.slug, b.name;

-- name: awards_of_member
SELECT a.badge, sum(a.times - a.taken_back)::int AS times, min(a.at) AS first_at, max(a.at) AS last_at,
       (SELECT b.document::text FROM redemption.badge b
        WHERE b.tenant_id = a.tenant_id AND b.programme_id = a.programme_id AND b.name = a.badge) AS document
FROM redemption.badge_award a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = $3 AND a.times > a.taken_back
GROUP BY a.tenant_id, a.programme_id, a.badge ORDER BY max(a.at) DESC, a.badge;
