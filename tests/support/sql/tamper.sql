-- What breaks the sound history of sound.sql, one way each.

-- name: movement_of_an_illegal_pair
UPDATE ledger.movement SET kind = 'expire' WHERE seq = 4;

-- name: allocation_missing
DELETE FROM ledger.allocation WHERE seq = 4;

-- name: allocation_of_no_lot
UPDATE ledger.allocation SET lot_seq = 99 WHERE seq = 4;

-- name: allocation_of_no_movement
UPDATE ledger.allocation SET seq = 99 WHERE seq = 4;

-- name: allocation_of_another_wallet
UPDATE ledger.movement SET wallet = 'miles' WHERE seq = 4;

-- name: points_from_nowhere
UPDATE ledger.lot SET remaining = 90 WHERE amount = 100;

-- name: points_of_another_member
UPDATE ledger.lot SET remaining = CASE amount WHEN 100 THEN 90 ELSE 30 END WHERE amount IN (100, 40);

-- name: points_of_another_lot
UPDATE ledger.lot SET remaining = CASE amount WHEN 100 THEN 90 ELSE 40 END WHERE amount IN (100, 50);

-- name: held_of_another_lot
UPDATE ledger.lot SET held = 10 - held WHERE amount IN (100, 50);

-- name: held_without_a_hold
UPDATE ledger.lot SET held = 5 WHERE amount = 40;

-- name: left_below_zero
UPDATE ledger.member SET seq = 9 WHERE seq = 8;
UPDATE ledger.lot SET remaining = -5 WHERE wallet = 'miles';
INSERT INTO ledger.allocation SELECT tenant_id, programme_id, member_id, 9, seq, 35 FROM ledger.lot WHERE wallet = 'miles';
INSERT INTO ledger.movement SELECT tenant_id, programme_id, member_id, 9, 'miles', kind, from_account, to_account, 35,
                                   effective_at, recorded_at, corrects, public.key('m9') FROM ledger.movement WHERE seq = 4;

-- name: more_left_than_amount
UPDATE ledger.lot SET remaining = 45 WHERE amount = 40;

-- name: repaid_without_debt
UPDATE ledger.member SET seq = 9 WHERE seq = 8;
UPDATE ledger.lot SET remaining = remaining - 12 WHERE amount = 100;
INSERT INTO ledger.allocation SELECT tenant_id, programme_id, member_id, 9, lot_seq, 12 FROM ledger.allocation WHERE seq = 8;
INSERT INTO ledger.movement SELECT tenant_id, programme_id, member_id, 9, wallet, kind, from_account, to_account, 12,
                                   effective_at, recorded_at, corrects, cause FROM ledger.movement WHERE seq = 8;

-- name: credited_twice
UPDATE ledger.member SET seq = 2 WHERE member_id = public.key('ada');
INSERT INTO ledger.lot SELECT tenant_id, programme_id, member_id, 2, wallet, amount, remaining, held, earned_at,
    active_from, expires_at, recorded_at, policy_version, cause FROM ledger.lot WHERE amount = 40;

-- name: credited_to_two_members
UPDATE ledger.member SET seq = 2 WHERE member_id = public.key('ada');
INSERT INTO ledger.lot SELECT tenant_id, programme_id, member_id, 2, 'stars', amount, remaining, held, earned_at,
    active_from, expires_at, recorded_at, policy_version, public.key('r1') FROM ledger.lot WHERE amount = 40;

-- name: credited_without_event
UPDATE ledger.member SET seq = 2 WHERE member_id = public.key('ada');
INSERT INTO ledger.lot SELECT tenant_id, programme_id, member_id, 2, wallet, amount, remaining, held, earned_at,
    active_from, expires_at, recorded_at, policy_version, public.key('nothing') FROM ledger.lot WHERE amount = 40;

-- name: accepted_and_lost
DELETE FROM earning.unpaid_receipt;

-- name: accepted_in_two_places
UPDATE earning.unclaimed_receipt SET event_key = public.key('r5');
INSERT INTO earning.unclaimed_receipt SELECT tenant_id, programme_id, public.key('n5'), public.key('r6'), identifiers,
    receipt_number, occurred_at, recorded_at FROM earning.unclaimed_receipt;

-- name: decision_lost
DELETE FROM earning.decision_page WHERE page = 4097;

-- name: outbox_row_lost
DELETE FROM stream.outbox WHERE seq = 6;

-- name: outbox_end_lost
DELETE FROM stream.outbox WHERE seq = 10;

-- name: outbox_start_lost
DELETE FROM stream.outbox WHERE seq < 10;

-- name: published_rows_dropped
DELETE FROM stream.outbox WHERE seq = 1;

-- name: event_never_made
INSERT INTO earning.inbox VALUES (1, public.key('r7'), 1, 4096, '2026-01-02Z');
INSERT INTO earning.unpaid_receipt SELECT tenant_id, programme_id, member_id, after_seq, public.key('r7'), occurred_at,
    recorded_at, outcome FROM earning.unpaid_receipt;

-- name: head_behind
UPDATE ledger.member SET seq = 0 WHERE member_id = public.key('ada');

-- name: movement_lost
DELETE FROM ledger.allocation WHERE seq = 5;
DELETE FROM ledger.movement WHERE seq = 5;

-- name: restored_twice
UPDATE ledger.member SET seq = 9 WHERE seq = 8;
UPDATE ledger.lot SET remaining = 100 WHERE amount = 100;
INSERT INTO ledger.allocation SELECT tenant_id, programme_id, member_id, 9, lot_seq, 20 FROM ledger.allocation WHERE seq = 6;
INSERT INTO ledger.movement SELECT tenant_id, programme_id, member_id, 9, wallet, kind, from_account, to_account, 20,
                                   effective_at, recorded_at, corrects, cause FROM ledger.movement WHERE seq = 6;

-- name: position_behind_dead_letter
UPDATE stream.position SET next_offset = 7 WHERE consumer = 'earning.purchases';

-- name: shard_of_another_claim
UPDATE stream.outbox_shard SET epoch = 9 WHERE next_seq = 1;

-- name: card_of_another_tenant
INSERT INTO members.identifier VALUES (2, 2, 'card:9', public.key('anna'), '2026-01-01Z');

-- name: many_cards_of_another_tenant
INSERT INTO members.identifier SELECT 2, 2, 'card:' || n, public.key('anna'), '2026-01-01Z' FROM generate_series(1, 7) AS n;

-- name: member_without_ledger
INSERT INTO members.member VALUES (1, 1, public.key('ghost'), '2026-01-01Z', '2026-01-01Z');

-- name: event_of_two_tenants
INSERT INTO earning.inbox SELECT 2, event_key, body_hash, page, recorded_at FROM earning.inbox
WHERE event_key = public.key('e1');

-- name: table_without_guard
ALTER TABLE ledger.lot NO FORCE ROW LEVEL SECURITY;

-- name: pending_after_it_was_activated
UPDATE ledger.lot SET pending = true WHERE amount = 40;

-- name: date_moved_by_nothing
UPDATE ledger.lot SET now_expires_at = '2027-01-01Z' WHERE amount = 40;

-- name: activated_by_nothing
UPDATE ledger.lot SET now_active_from = '2026-01-01Z' WHERE amount = 40;

-- name: debt_forgotten
DELETE FROM ledger.debt;

-- name: debt_of_another_time
UPDATE ledger.debt SET since = '2026-01-01Z';

-- name: loan_of_other_terms
UPDATE ledger.debt SET share = 10 WHERE lent > 0;

-- name: loan_that_is_owed_already
UPDATE ledger.debt SET amount = 30, lent = 0, share = 0, due_at = NULL WHERE lent > 0;

-- name: loan_without_terms
DELETE FROM ledger.loan;

-- name: terms_of_no_loan
UPDATE ledger.loan SET seq = 9;

-- name: loan_that_never_falls_due
UPDATE ledger.member SET activates_at = NULL WHERE member_id = public.key('bo');

-- name: loan_of_other_points
INSERT INTO redemption.redemption (tenant_id, programme_id, member_id, redemption_id, state, points, shares, asked_at, changed_at)
VALUES (2, 2, public.key('bo'), public.key('l2'), 'redeemed', 0, '[]', '2026-01-03Z', '2026-01-03Z');
INSERT INTO redemption.trade (tenant_id, programme_id, member_id, redemption_id, kind, wallet, points, other, rate_points,
                              rate_other, programme_version, opens, traded_at, due_at)
VALUES (2, 2, public.key('bo'), public.key('l2'), 'lend', 'points', 29, 29, 100, 50, 1, 1, '2026-01-03Z', '2027-01-01Z');

-- name: head_that_does_not_owe
UPDATE ledger.member SET owing = false WHERE owing;

-- name: head_that_will_never_lapse
UPDATE ledger.member SET lapses_at = '2026-06-01Z' WHERE member_id = public.key('bo');

-- name: head_that_waits_for_nothing
UPDATE ledger.member SET activates_at = '2026-06-01Z' WHERE member_id = public.key('bo');

-- name: adjusted_and_pending
UPDATE ledger.lot SET opened_by = 'adjust', active_from = '2026-02-01Z' WHERE amount = 40;

-- name: day_made_up
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points)
SELECT tenant_id, programme_id, member_id, '2024-03-01', 1, 100, 1 FROM ledger.member LIMIT 1;

-- name: redemption_of_other_points
UPDATE redemption.redemption SET points = 11;

-- name: redemption_never_told
UPDATE stream.outbox_shard SET next_seq = 1, published_seq = 0 WHERE shard = 'redemption/3';

-- name: trade_without_points
INSERT INTO redemption.trade (tenant_id, programme_id, member_id, redemption_id, kind, wallet, points, other, rate_points,
                              rate_other, programme_version, currency, opens, traded_at)
SELECT tenant_id, programme_id, member_id, gen_random_uuid(), 'buy', 'points', 5, 5, 1, 1, 1, 'EUR', 1, recorded_at
FROM ledger.lot LIMIT 1;

-- name: sweep_told_of_nothing
INSERT INTO stream.outbox_shard (shard, next_seq, published_seq) VALUES ('expiry/3', 5, 4);

-- name: code_used_more_often_than_told
UPDATE redemption.code SET uses = 2;

-- name: use_of_a_code_lost
DELETE FROM redemption.code_use;

-- name: card_with_more_than_was_put_on_it
UPDATE redemption.gift_card SET balance_minor = balance_minor + 1;

-- name: card_entry_lost
DELETE FROM redemption.gift_card_entry WHERE seq = 2;

-- name: card_paid_from_nowhere
UPDATE redemption.gift_card_entry SET source = 'spent' WHERE seq = 1;

-- name: ticket_lost
DELETE FROM redemption.game_ticket WHERE first = 1;

-- name: prize_won_once_more
UPDATE redemption.game_stock SET free = free - 1;

-- name: spin_lost
DELETE FROM redemption.game_spin;

-- name: prize_drawn_twice
INSERT INTO redemption.game_win (tenant_id, game_id, place, number, member_id, prize, at)
SELECT 1, public.key('summer'), n, n, public.key('anna'), 'car', '2026-01-03Z' FROM generate_series(1, 2) AS n;

-- name: part_of_a_household_lost
DELETE FROM redemption.household_part;

-- name: more_of_another_than_was_redeemed
UPDATE redemption.household_part SET points = points + 1;

-- name: spent_before_joining
UPDATE redemption.housemate SET answered_at = '2026-01-04Z' WHERE role = 'adult';

-- name: dissolved_and_not_left
UPDATE redemption.household SET dissolved_at = '2026-01-05Z';

-- name: bid_that_is_not_held
UPDATE redemption.game_bid SET points = points + 1;

-- name: cart_bought_and_let_go
UPDATE redemption.cart SET state = 'released' WHERE state = 'bought';

-- name: cart_that_nobody_speaks_of
DELETE FROM redemption.cart_word;

-- name: cart_of_another_member
UPDATE redemption.cart_word SET member_id = public.key('ada');

-- name: cart_returned_with_more_than_was_bought
UPDATE redemption.cart SET returned_minor = total_minor + 1;

-- name: cart_given_up_with_its_code
WITH said AS (UPDATE redemption.cart_word SET word = 'released') UPDATE redemption.cart SET state = 'released';

-- name: cart_held_without_its_code
WITH said AS (UPDATE redemption.cart_word SET word = 'held', uses = ARRAY[public.key('u2')]) UPDATE redemption.cart SET state = 'held';

-- name: cart_given_up_with_its_points
WITH said AS (UPDATE redemption.cart_word SET word = 'expired', uses = '{}', late_uses = '{}')
UPDATE redemption.cart SET state = 'expired';
