-- name: give_points
-- Lots that last for so many members ($3) of a programme, after whatever they had. Returns who has them.
WITH chosen AS (
    SELECT m.member_id, m.seq FROM ledger.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND NOT m.merged ORDER BY m.member_id LIMIT $3
), given AS (
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause)
    SELECT $1, $2, c.member_id, c.seq + n, 'points', 1000000, 1000000, $4, $4, now() + n * interval '300 days', $4, 1,
           gen_random_uuid()
    FROM chosen c, generate_series(1, 5) AS n
)
UPDATE ledger.member m SET seq = c.seq + 5, lapses_at = now() + interval '300 days'
FROM chosen c WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = c.member_id
RETURNING m.member_id;

-- name: vacuum
VACUUM (ANALYZE) ledger.lot, ledger.member;

-- name: redeemed
SELECT count(*) FROM redemption.redemption;

-- name: left
SELECT s.free FROM redemption.stock s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.reference = $3 AND s.store = '';

-- name: taken_in
-- How many records the position of redemption has passed, and how many there are to publish.
SELECT coalesce((SELECT sum(p.next_offset) FROM stream.position p WHERE p.consumer = 'redemption.redemptions'), 0)::bigint
       AS consumed,
       coalesce((SELECT sum(s.next_seq - 1 - s.published_seq) FROM stream.outbox_shard s
                 WHERE starts_with(s.shard, 'redemption')), 0)::bigint AS untold;

-- name: fill_pool
-- Codes of a pool from the number after `$4` up to `$5`, in the order of their ids, as a pool has them whose codes came in one
-- file: every other one can still be handed out. Nobody knows their texts.
INSERT INTO redemption.code (tenant_id, code_id, pool_id, number, state, sealed, created_at, published_at)
SELECT $1, v.code_id, $3, row_number() OVER (ORDER BY v.code_id) + $4,
       CASE WHEN get_byte(uuid_send(v.code_id), 15) % 2 = 0 THEN 'created' ELSE 'published' END,
       '\x00112233445566778899aabbccddeeff00112233445566778899aabb'::bytea, $2,
       CASE WHEN get_byte(uuid_send(v.code_id), 15) % 2 = 0 THEN NULL ELSE $2::timestamptz END
FROM (SELECT md5(n::text)::uuid AS code_id FROM generate_series($4::bigint + 1, $5::bigint) AS n) AS v;

-- name: known_codes
INSERT INTO redemption.code (tenant_id, code_id, pool_id, number, state, sealed, created_at, published_at)
SELECT $1, v.code_id, $3, $4::bigint + v.number, 'published', v.sealed, $2, $2
FROM unnest($5::uuid[], $6::bytea[]) WITH ORDINALITY AS v(code_id, sealed, number);

-- name: vacuum_codes
VACUUM (ANALYZE) redemption.code;
