-- name: members
-- So many members with one lot each that lapses at $2.
WITH person AS (
    SELECT lpad(to_hex(n), 32, '0')::uuid AS member_id, n FROM generate_series(1, $1::int) AS n
), heads AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, lapses_at)
    SELECT 1, 1, member_id, 1, n, $2 FROM person
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT 1, 1, member_id, 1, 'points', 100 + n % 900, 100 + n % 900, $2 - interval '80 days', $2 - interval '80 days', $2,
       $2 - interval '80 days', 1, member_id
FROM person;

-- name: told_before
-- So many messages that were handed over, a thousand a member at most, on the days of the occasion's month.
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id, purpose,
                               route, place, spread, facts, state, due_at, queued_at, handed_at)
SELECT 1, 1, lpad(to_hex(n / 1000 + 1), 32, '0')::uuid, 'points_credited', 'o' || n, $2, '2026-12-01'::date + n % 28,
       md5('told' || n)::uuid, 'service', '{}', 0, 0, '{}', 'handed', $3, $3, $3
FROM generate_series(1, $1::int) AS n;

-- name: settle_statistics
ANALYZE;

-- name: handed
SELECT count(*) FROM notifier.delivery WHERE state = 'handed' AND message = 'expiry_reminder';
