-- name: unguarded
-- So that a test may do what only a broken disk or a superuser can.
SET session_replication_role = replica;
DO $$
DECLARE
    guard record;
BEGIN
    FOR guard IN SELECT conrelid::regclass AS guarded, conname FROM pg_constraint
                 WHERE contype = 'c' AND connamespace::regnamespace::text IN ('ledger', 'stream', 'earning', 'redemption') AND conislocal
                   AND coninhcount = 0 LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.guarded, guard.conname);
    END LOOP;
END $$;
CREATE FUNCTION public.key(name text) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(name)::uuid;

-- name: history
-- Tenant 1: Anna has two lots of points and one of miles, redeemed, held, got back, owes and repaid; Ada has one lot and a
-- receipt that paid nothing; a receipt is unclaimed; a coupon was used once, by a cart, and part of a gift card. Tenant 2: Bo has a
-- lot, half of which is lent.
-- One record was refused.
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
SELECT t, t, public.key(name), '2026-01-01Z', '2026-01-01Z' FROM (VALUES (1, 'anna'), (1, 'ada'), (2, 'bo')) AS v(t, name);
INSERT INTO members.identifier (tenant_id, programme_id, identifier, member_id, recorded_at)
SELECT t, t, 'card:' || name, public.key(name), '2026-01-01Z'::timestamptz FROM (VALUES (1, 'anna'), (1, 'ada'), (2, 'bo')) AS v(t, name)
UNION ALL SELECT 1, 1, 'card:nobody', NULL, '2026-01-01Z';
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, owing, activates_at)
SELECT t, t, public.key(name), seq, 1, owing, due_at
FROM (VALUES (1, 'anna', 8, true, NULL), (1, 'ada', 1, false, NULL), (2, 'bo', 2, true, '2027-01-01Z'::timestamptz))
    AS v(t, name, seq, owing, due_at);
INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since, lent, share, due_at)
VALUES (1, 1, public.key('anna'), 'points', 10, '2026-01-03Z', 0, 0, NULL),
       (2, 2, public.key('bo'), 'points', 0, '2026-01-03Z', 30, 50, '2027-01-01Z');
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT t, t, public.key(name), seq, wallet, amount, remaining, held, '2026-01-02Z', '2026-01-02Z', NULL, '2026-01-02Z', 1,
       public.key(cause)
FROM (VALUES (1, 'anna', 1, 'points', 100, 80, 0, 'r1'), (1, 'anna', 2, 'points', 50, 50, 10, 'r2'),
             (1, 'anna', 3, 'miles', 30, 30, 0, 'r2'), (1, 'ada', 1, 'points', 40, 40, 0, 'r3'),
             (2, 'bo', 1, 'points', 60, 60, 0, 'r4')) AS v(t, name, seq, wallet, amount, remaining, held, cause);
INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                             effective_at, recorded_at, corrects, cause)
SELECT 1, 1, public.key('anna'), seq, 'points', kind::ledger.kind, source::ledger.account, target::ledger.account, amount,
       '2026-01-03Z', '2026-01-03Z', corrects, public.key('m' || seq)
FROM (VALUES (4, 'redeem', 'active', 'redeemed', 20, NULL), (5, 'hold', 'active', 'held', 10, NULL),
             (6, 'restore', 'redeemed', 'active', 5, 4), (7, 'reverse', 'debt', 'reversed', 15, NULL),
             (8, 'repay', 'active', 'debt', 5, NULL)) AS v(seq, kind, source, target, amount, corrects);
INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                             effective_at, recorded_at, cause)
VALUES (2, 2, public.key('bo'), 2, 'points', 'lend', 'debt', 'issued', 30, '2026-01-03Z', '2026-01-03Z', public.key('l2'));
INSERT INTO ledger.loan (tenant_id, programme_id, member_id, seq, share, due_at)
VALUES (2, 2, public.key('bo'), 2, 50, '2027-01-01Z');
INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
SELECT 1, 1, public.key('anna'), seq, lot, amount
FROM (VALUES (4, 1, 20), (5, 2, 10), (6, 1, 5), (8, 1, 5)) AS v(seq, lot, amount);
INSERT INTO redemption.redemption (tenant_id, programme_id, member_id, redemption_id, state, points, shares, asked_at, changed_at)
VALUES (1, 1, public.key('anna'), public.key('m5'), 'held', 10, '[[5, "points", 2, 10, 0]]', '2026-01-03Z', '2026-01-03Z');
INSERT INTO redemption.household (tenant_id, household_id, programme_id, founded_at)
VALUES (1, public.key('home'), 1, '2026-01-02Z');
INSERT INTO redemption.housemate (tenant_id, programme_id, member_id, household_id, invited_at, role, state, answered_at)
SELECT 1, 1, public.key(name), public.key('home'), '2026-01-02Z', role, 'joined', '2026-01-02Z'
FROM (VALUES ('anna', 'owner'), ('ada', 'adult')) AS v(name, role);
INSERT INTO redemption.redemption (tenant_id, programme_id, member_id, redemption_id, state, points, shares, asked_at, changed_at)
VALUES (1, 1, public.key('ada'), public.key('m4'), 'redeemed', 20,
        jsonb_build_array(jsonb_build_array(4, 'points', 1, 20, 0, public.key('anna'))), '2026-01-03Z', '2026-01-03Z');
INSERT INTO redemption.household_part (tenant_id, programme_id, member_id, lot_seq, redemption_id, household_id, spender_id, taken_on,
                                       taken_at, points)
VALUES (1, 1, public.key('anna'), 1, public.key('m4'), public.key('home'), public.key('ada'), '2026-01-03', '2026-01-03Z', 20);
INSERT INTO redemption.code_pool (tenant_id, programme_id, pool_id, name, kind, rules, codes, last_number, created_at, changed_at)
OVERRIDING SYSTEM VALUE VALUES (1, 1, 1, 'ten-off', 'coupon', '{}', 1, 1, '2026-01-02Z', '2026-01-02Z');
INSERT INTO redemption.code (tenant_id, code_id, pool_id, number, state, uses, sealed, created_at, redeemed_at)
VALUES (1, public.key('k1'), 1, 1, 'redeemed', 1, '', '2026-01-02Z', '2026-01-03Z');
INSERT INTO redemption.code_use (tenant_id, use_id, code_id, pool_id, used_at)
VALUES (1, public.key('u1'), public.key('k1'), 1, '2026-01-03Z');
INSERT INTO redemption.cart (tenant_id, programme_id, cart_id, member_id, receipt_key, receipt_number, state, whole, fingerprint,
                             held_until, currency, total_minor, parts, told, asked_at, changed_at)
VALUES (1, 1, public.key('c1'), public.key('anna'), public.key('n1'), 'R1', 'bought', true, '', '2026-01-03Z', 'EUR', 900,
        jsonb_build_object('points', jsonb_build_object('redemption_id', public.key('m5'))), 'null', '2026-01-02Z', '2026-01-03Z');
INSERT INTO redemption.cart_word (tenant_id, cart_id, programme_id, receipt_key, member_id, uses, late_uses, word, said_at)
VALUES (1, public.key('c1'), 1, public.key('n1'), public.key('anna'), ARRAY[public.key('u1')], ARRAY[public.key('u1-late')],
        'bought', '2026-01-03Z');
INSERT INTO redemption.gift_card (tenant_id, programme_id, card_id, sealed, currency, law, law_version, initial_minor, balance_minor,
                                  seq, issued_at, last_load_at, changed_at)
VALUES (1, 1, public.key('g1'), '', 'EUR', 'none', 1, 2500, 1500, 2, '2026-01-02Z', '2026-01-02Z', '2026-01-03Z');
INSERT INTO redemption.gift_card_entry (tenant_id, card_id, seq, kind, source, target, amount_minor, at, cause)
VALUES (1, public.key('g1'), 1, 'issue', 'sold', 'card', 2500, '2026-01-02Z', public.key('g1-1')),
       (1, public.key('g1'), 2, 'use', 'card', 'spent', 1000, '2026-01-03Z', public.key('g1-2'));
INSERT INTO redemption.game (tenant_id, game_id, programme_id, name, kind, document, state, opens_at, closes_at, commitment, tickets,
                             spins, best, changed_at)
SELECT 1, public.key(name), 1, name, kind, document::jsonb, 'open', '2026-01-01Z', '2026-02-01Z', '', tickets, spins, best,
       '2026-01-03Z'
FROM (VALUES ('summer', 'lottery', '{"prizes": [{"name": "car"}]}', 3, 0, NULL),
             ('fortune', 'wheel', '{}', 0, 1, NULL), ('helmet', 'auction', '{}', 0, 0, public.key('m5')))
    AS v(name, kind, document, tickets, spins, best);
INSERT INTO redemption.game_ticket (tenant_id, game_id, ticket_id, member_id, first, count, campaign, issued_at)
VALUES (1, public.key('summer'), public.key('t1'), public.key('anna'), 1, 2, 'spring', '2026-01-03Z'),
       (1, public.key('summer'), public.key('t2'), public.key('anna'), 3, 1, 'spring', '2026-01-03Z');
INSERT INTO redemption.game_stock (tenant_id, game_id, prize, pieces, free) VALUES (1, public.key('fortune'), 'cup', 2, 1);
INSERT INTO redemption.game_spin (tenant_id, game_id, number, spin_id, member_id, word, sector, on_day, at)
VALUES (1, public.key('fortune'), 1, public.key('s1'), public.key('anna'), '', 'cup', '2026-01-03', '2026-01-03Z');
INSERT INTO redemption.game_bid (tenant_id, game_id, bid_id, member_id, points, state, at)
VALUES (1, public.key('helmet'), public.key('m5'), public.key('anna'), 10, 'best', '2026-01-03Z');
INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
SELECT t, public.key(name), 1, page, '2026-01-02Z'
FROM (VALUES (1, 'r1', 4096), (1, 'r2', 4096), (1, 'r3', 4096), (2, 'r4', 4097), (1, 'r5', 4096), (1, 'r6', 4096),
             (1, 'e1', 12287), (1, 'e2', 12287), (2, 'e3', 12287)) AS v(t, name, page);
INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body)
VALUES (1, 4096, '2026-01-02Z', ''), (2, 4097, '2026-01-02Z', '');
INSERT INTO earning.unpaid_receipt (tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, recorded_at,
                                    outcome)
VALUES (1, 1, public.key('ada'), 1, public.key('r5'), '2026-01-02Z', '2026-01-02Z', 'no_points');
INSERT INTO earning.unclaimed_receipt (tenant_id, programme_id, receipt_key, event_key, identifiers, receipt_number, occurred_at,
                                       recorded_at)
VALUES (1, 1, public.key('n6'), public.key('r6'), '{card:nobody}', 'R6', '2026-01-02Z', '2026-01-02Z');
INSERT INTO stream.position (consumer, topic, part, cluster_id, topic_id, next_offset, epoch, owner, moved_at)
VALUES ('earning.purchases', 'x.loyalty.purchases', 0, 'c', 't', 10, 2, 'w', '2026-01-02Z'),
       ('earning.profiles', 'x.loyalty.profiles', 0, 'c', 't', 3, 1, 'w', '2026-01-02Z');
INSERT INTO stream.outbox_shard (shard, next_seq, published_seq, epoch)
VALUES ('earning.purchases:x.loyalty.purchases:0', 13, 5, 2), ('earning.profiles:x.loyalty.profiles:0', 1, 0, 1),
       ('redemption/3', 3, 2, 1);
INSERT INTO stream.outbox (shard, seq, count, topic, recorded_at, events)
SELECT 'earning.purchases:x.loyalty.purchases:0', seq, count, 'loyalty.points', '2026-01-02Z', ''
FROM (VALUES (1, 5), (6, 4), (10, 3)) AS v(seq, count);
INSERT INTO stream.dead_letter (letter_id, consumer, topic, part, record_offset, record_time, reason, field, detail,
                                attempts, sealed_value, recorded_at)
VALUES (public.key('d1'), 'earning.purchases', 'loyalty.purchases', 0, 7, '2026-01-02Z', 'not-json', '', '', 1, '',
        '2026-01-02Z');

-- name: many
-- 20,000 more members with ten lots each, and everything that goes with them.
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
SELECT 1, 1, public.key('m' || m), '2026-01-01Z', '2026-01-01Z' FROM generate_series(1, 20000) AS m;
INSERT INTO members.identifier (tenant_id, programme_id, identifier, member_id, recorded_at)
SELECT 1, 1, 'card:' || m, public.key('m' || m), '2026-01-01Z' FROM generate_series(1, 20000) AS m;
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread)
SELECT 1, 1, public.key('m' || m), 10, 1 FROM generate_series(1, 20000) AS m;
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        recorded_at, policy_version, cause)
SELECT 1, 1, public.key('m' || m), n, 'points', 10, 10, '2026-01-02Z', '2026-01-02Z', '2026-01-02Z', 1,
       public.key('c' || m || '-' || n)
FROM generate_series(1, 20000) AS m, generate_series(1, 10) AS n;
INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
SELECT 1, cause, 1, 4096 * (2 + row_number() OVER () / 1000) + (row_number() OVER () % 1000) / 32, '2026-01-02Z'
FROM ledger.lot WHERE amount = 10;
INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body)
SELECT DISTINCT 1, page, '2026-01-02Z'::timestamptz, ''::bytea FROM earning.inbox
WHERE page % 4096 <> 4095 AND page > 4097;
INSERT INTO stream.outbox (shard, seq, count, topic, recorded_at, events)
SELECT 'earning.purchases:x.loyalty.purchases:0', 13 + n * 400, 400, 'loyalty.points', '2026-01-02Z', ''
FROM generate_series(0, 999) AS n;
UPDATE stream.outbox_shard SET next_seq = next_seq + 400000
WHERE next_seq > 1 AND starts_with(shard, 'earning.');

-- name: analyze
ANALYZE;
