-- name: export_lots
SELECT * FROM ledger.lot ORDER BY tenant_id, programme_id, member_id, seq

-- name: export_debts
SELECT * FROM ledger.debt ORDER BY tenant_id, programme_id, member_id, wallet

-- name: export_heads
SELECT * FROM ledger.member ORDER BY tenant_id, programme_id, member_id

-- name: scramble
UPDATE ledger.lot SET remaining = seq % amount, held = 0, pending = NOT pending, now_active_from = '2001-01-01Z',
                      now_expires_at = CASE WHEN seq % 2 = 0 THEN 'infinity'::timestamptz END;
UPDATE ledger.debt SET amount = amount + 1, since = '2001-01-01Z', lent = lent * 2 WHERE member_id::text < '8';
DELETE FROM ledger.debt WHERE member_id::text >= '8';
UPDATE ledger.member SET seq = 0, activates_at = '2001-01-01Z', lapses_at = NULL, owing = NOT owing;

-- name: last_writer
-- The youngest transaction that wrote a lot or a head.
SELECT greatest((SELECT max(xmin::text::bigint) FROM ledger.lot), (SELECT max(xmin::text::bigint) FROM ledger.member));

-- name: analyze
ANALYZE ledger.lot, ledger.movement, ledger.allocation, ledger.member, ledger.loan, ledger.debt;

-- name: break_a_movement
-- More is taken from a lot than it ever had.
UPDATE ledger.allocation a SET amount = a.amount + 10000
FROM ledger.movement m
WHERE m.seq = a.seq AND m.member_id = a.member_id AND m.to_account = 'redeemed';
