-- name: ensure
INSERT INTO stream.outbox_shard (shard) SELECT * FROM unnest($1::text[]) ON CONFLICT (shard) DO NOTHING;

-- name: lease
-- Takes shards that nobody holds, or whose lease has run out, and keeps those that are held already. A shard that changes
-- hands gets a higher epoch, so that whoever held it moves its cursor no more. One that is being written to just now can't be
-- prolonged; whoever holds it keeps it as long as the lease runs, and asks again before that.
WITH kept AS (
    UPDATE stream.outbox_shard s
    SET epoch = s.epoch + CASE WHEN s.holder = $2 THEN 0 ELSE 1 END, holder = $2, lease_until = $4
    FROM (
        SELECT o.shard FROM stream.outbox_shard o
        WHERE o.shard = ANY ($1::text[]) AND (o.holder = $2 OR o.lease_until IS NULL OR o.lease_until <= $3)
        ORDER BY o.shard
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS free
    WHERE s.shard = free.shard
    RETURNING s.shard, s.epoch, s.published_seq
)
SELECT shard, epoch, published_seq FROM kept
UNION ALL
SELECT o.shard, o.epoch, o.published_seq FROM stream.outbox_shard o
WHERE o.shard = ANY ($1::text[]) AND o.holder = $2 AND o.lease_until > $3 AND o.shard NOT IN (SELECT shard FROM kept);

-- name: behind
-- The shards that have more than was acknowledged.
SELECT o.shard FROM stream.outbox_shard o JOIN unnest($1::text[], $2::bigint[]) AS k(shard, acknowledged) USING (shard)
WHERE o.next_seq - 1 > k.acknowledged;

-- name: flush
-- All that was committed so far is on disk then: an empty note is written behind it, and waited for.
SELECT pg_logical_emit_message(false, 'pointstream', '', true);

-- name: let_go
UPDATE stream.outbox_shard SET lease_until = NULL, holder = NULL
WHERE shard = ANY ($1::text[]) AND holder = $2;
