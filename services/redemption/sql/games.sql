-- name: lock_game
-- A game, locked: before the members of an auction, behind the member of a lottery or wheel.
SELECT g.game_id, g.programme_id, p.slug AS programme, t.slug AS tenant, g.name, g.kind, g.version, g.document::text AS document,
       g.state, g.opens_at, g.closes_at, g.commitment, g.seed, g.entries_digest, g.tickets, g.spins, g.best, g.ended_at,
       g.changed_at
FROM redemption.game g
JOIN platform.programme p ON p.tenant_id = g.tenant_id AND p.programme_id = g.programme_id
JOIN platform.tenant t ON t.tenant_id = g.tenant_id
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.name = $3
FOR NO KEY UPDATE OF g;

-- name: look_at_game
SELECT g.game_id, g.programme_id, p.slug AS programme, t.slug AS tenant, g.name, g.kind, g.version, g.document::text AS document,
       g.state, g.opens_at, g.closes_at, g.commitment, g.seed, g.entries_digest, g.tickets, g.spins, g.best, g.ended_at,
       g.changed_at
FROM redemption.game g
JOIN platform.programme p ON p.tenant_id = g.tenant_id AND p.programme_id = g.programme_id
JOIN platform.tenant t ON t.tenant_id = g.tenant_id
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.name = $3;

-- name: put_game
-- Makes a game, or says something else of one that is not open yet.
INSERT INTO redemption.game AS g (tenant_id, game_id, programme_id, name, kind, document, opens_at, closes_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9)
ON CONFLICT (tenant_id, programme_id, name) DO UPDATE
    SET kind = excluded.kind, document = excluded.document, opens_at = excluded.opens_at, closes_at = excluded.closes_at,
        changed_at = excluded.changed_at, version = g.version + 1
    WHERE g.state = 'draft';

-- name: open_game
UPDATE redemption.game SET state = 'open', commitment = $3, changed_at = $4 WHERE tenant_id = $1 AND game_id = $2;

-- name: keep_seed
INSERT INTO redemption.game_seed (tenant_id, game_id, sealed) VALUES ($1, $2, $3);

-- name: seed
SELECT sealed FROM redemption.game_seed WHERE tenant_id = $1 AND game_id = $2;

-- name: keep_stock
INSERT INTO redemption.game_stock (tenant_id, game_id, prize, pieces, free)
SELECT $1, $2, v.prize, v.pieces, v.pieces FROM unnest($3::text[], $4::int[]) AS v(prize, pieces);

-- name: stock
SELECT prize, free FROM redemption.game_stock WHERE tenant_id = $1 AND game_id = $2 ORDER BY prize;

-- name: take_stock
UPDATE redemption.game_stock SET free = free - 1 WHERE tenant_id = $1 AND game_id = $2 AND prize = $3;

-- name: number_tickets
-- Numbers tickets of a game that is open now, and gives the number of the last; nothing where it is not.
UPDATE redemption.game SET tickets = tickets + $3, changed_at = $4
WHERE tenant_id = $1 AND game_id = $2 AND state = 'open' AND ($5 OR opens_at <= $4) AND closes_at > $4
RETURNING tickets;

-- name: number_spin
UPDATE redemption.game SET spins = spins + 1, changed_at = $3
WHERE tenant_id = $1 AND game_id = $2 AND state = 'open' AND opens_at <= $3 AND closes_at > $3
RETURNING spins;

-- name: keep_tickets
INSERT INTO redemption.game_ticket (tenant_id, game_id, ticket_id, member_id, first, count, points, redemption_id, campaign,
                                    issued_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: tickets_under
SELECT ticket_id, member_id, first, count, voided, used, points, campaign, issued_at
FROM redemption.game_ticket WHERE tenant_id = $1 AND game_id = $2 AND ticket_id = $3;

-- name: bought
-- How many tickets a member has bought, and members merged into them.
SELECT coalesce(sum(t.count), 0) FROM redemption.game_ticket t
WHERE t.tenant_id = $1 AND t.game_id = $2 AND t.redemption_id IS NOT NULL AND t.member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM redemption.game g JOIN members.merge m USING (tenant_id, programme_id)
    WHERE g.tenant_id = $1 AND g.game_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
));

-- name: granted
-- What a campaign granted a member, and members merged into them, and still counts, the last first.
SELECT ticket_id, count - voided - used AS kept FROM redemption.game_ticket
WHERE tenant_id = $1 AND game_id = $2 AND campaign = $4 AND count > voided + used AND member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM redemption.game g JOIN members.merge m USING (tenant_id, programme_id)
    WHERE g.tenant_id = $1 AND g.game_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
))
ORDER BY first DESC FOR NO KEY UPDATE;

-- name: void_tickets
UPDATE redemption.game_ticket SET voided = voided + $4 WHERE tenant_id = $1 AND game_id = $2 AND ticket_id = $3;

-- name: ticket_to_spin
-- Tickets of a member of which one can be used, or of members merged into them.
SELECT ticket_id FROM redemption.game_ticket
WHERE tenant_id = $1 AND game_id = $2 AND count > voided + used AND member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM redemption.game g JOIN members.merge m USING (tenant_id, programme_id)
    WHERE g.tenant_id = $1 AND g.game_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
))
ORDER BY first LIMIT 1;

-- name: use_ticket
UPDATE redemption.game_ticket SET used = used + 1 WHERE tenant_id = $1 AND game_id = $2 AND ticket_id = $3;

-- name: spun_on
-- How often a member span a wheel on a day, without a ticket; members merged into them too.
SELECT count(*) FROM redemption.game_spin s
WHERE s.tenant_id = $1 AND s.game_id = $2 AND s.on_day = $4 AND s.ticket_id IS NULL AND s.member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM redemption.game g JOIN members.merge m USING (tenant_id, programme_id)
    WHERE g.tenant_id = $1 AND g.game_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
));

-- name: keep_spin
INSERT INTO redemption.game_spin (tenant_id, game_id, number, spin_id, member_id, word, sector, points, redemption_id, ticket_id,
                                  on_day, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: spin
SELECT number, member_id, word, sector, points, at FROM redemption.game_spin
WHERE tenant_id = $1 AND game_id = $2 AND spin_id = $3;

-- name: keep_wins
INSERT INTO redemption.game_win (tenant_id, game_id, place, number, member_id, prize, redemption_id, at)
SELECT $1, $2, v.place, v.number, v.member_id, v.prize, v.redemption_id, $8
FROM unnest($3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::uuid[]) AS v(place, number, member_id, prize, redemption_id);

-- name: draw_for
-- Tickets of members who were merged take part for whom they lead to, which stays so, whatever becomes of the merge.
UPDATE redemption.game_ticket t SET drawn_for = m.leads_to
FROM redemption.game g JOIN members.merge m USING (tenant_id, programme_id)
WHERE g.tenant_id = $1 AND g.game_id = $2 AND t.tenant_id = g.tenant_id AND t.game_id = g.game_id AND t.count > t.voided
  AND m.member_id = t.member_id AND m.undone_at IS NULL;

-- name: entries
-- The tickets of a lottery that take part, in the order of their numbers.
SELECT coalesce(drawn_for, member_id) AS member_id, first, count - voided AS count FROM redemption.game_ticket
WHERE tenant_id = $1 AND game_id = $2 AND count > voided ORDER BY first;

-- name: won
SELECT count(*) FROM redemption.game_win WHERE tenant_id = $1 AND game_id = $2;

-- name: end_game
UPDATE redemption.game SET state = 'ended', seed = $3, entries_digest = $4, ended_at = $5, changed_at = $5
WHERE tenant_id = $1 AND game_id = $2;

-- name: to_end
-- Games of any tenant that are over, the oldest first.
SELECT tenant_id, programme_id, name FROM redemption.game
WHERE state = 'open' AND closes_at <= $1 ORDER BY closes_at, tenant_id, game_id LIMIT $2;

-- name: lock_members
SELECT * FROM redemption.lock_members($1, $2, $3);

-- name: keep_bid
INSERT INTO redemption.game_bid (tenant_id, game_id, bid_id, member_id, points, state, at)
VALUES ($1, $2, $3, $4, $5, 'best', $6);

-- name: mark_bid
UPDATE redemption.game_bid SET state = $4 WHERE tenant_id = $1 AND game_id = $2 AND bid_id = $3;

-- name: lead
UPDATE redemption.game SET best = $3, closes_at = $4, changed_at = $5 WHERE tenant_id = $1 AND game_id = $2;

-- name: bid
SELECT bid_id, member_id, points, state, at FROM redemption.game_bid WHERE tenant_id = $1 AND game_id = $2 AND bid_id = $3;

-- name: bids
-- The best bid of each of those who bid most.
SELECT bid_id, member_id, points, at FROM (
    SELECT DISTINCT ON (member_id) bid_id, member_id, points, at FROM redemption.game_bid
    WHERE tenant_id = $1 AND game_id = $2 ORDER BY member_id, points DESC, at
) AS b ORDER BY points DESC, at, bid_id LIMIT $3;

-- name: put_badge
INSERT INTO redemption.badge AS b (tenant_id, programme_id, name, document, changed_at) VALUES ($1, $2, $3, $4::jsonb, $5)
ON CONFLICT (tenant_id, programme_id, name) DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at;

-- name: badge
SELECT document::text FROM redemption.badge WHERE tenant_id = $1 AND programme_id = $2 AND name = $3;

-- name: keep_award
INSERT INTO redemption.badge_award (tenant_id, programme_id, member_id, award_id, badge, times, source, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, programme_id, member_id, award_id) DO NOTHING
RETURNING true;

-- name: awarded
SELECT coalesce(sum(times - taken_back), 0) FROM redemption.badge_award
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND badge = $4;

-- name: awards_of
-- What a source gave a member, and members merged into them, and was not taken back, the last first.
SELECT member_id, award_id, times - taken_back AS kept FROM redemption.badge_award
WHERE tenant_id = $1 AND programme_id = $2 AND badge = $4 AND source = $5 AND times > taken_back AND member_id = ANY ($3::uuid || ARRAY(
    SELECT m.member_id FROM members.merge m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.leads_to = $3 AND m.undone_at IS NULL
))
ORDER BY at DESC, award_id FOR NO KEY UPDATE;

-- name: take_award_back
UPDATE redemption.badge_award SET taken_back = taken_back + $5
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND award_id = $4;
