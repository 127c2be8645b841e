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

-- name: settle_statistics
ANALYZE;

-- name: handed
SELECT count(*) FROM notifier.delivery WHERE state = 'handed';
