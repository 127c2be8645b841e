-- What must always be true of outbox and positions. Each query answers with at most five rows of what is wrong: how many
-- there are in all, and the key of one. No row means that the invariant holds.

-- name: outbox_in_order
-- Rows of a shard follow each other without a gap, up to the number that comes next; only published ones may be gone.
WITH neighbour AS (
    SELECT shard, seq, seq + count AS after,
           lead(seq) OVER (PARTITION BY shard ORDER BY seq) AS following,
           lag(seq) OVER (PARTITION BY shard ORDER BY seq) AS before
    FROM stream.outbox
), flaw AS (
    SELECT n.shard, n.seq FROM neighbour n WHERE n.following <> n.after
    UNION
    SELECT n.shard, n.seq FROM neighbour n LEFT JOIN stream.outbox_shard s USING (shard)
    WHERE n.following IS NULL AND n.after IS DISTINCT FROM s.next_seq
    UNION
    SELECT n.shard, n.seq FROM neighbour n JOIN stream.outbox_shard s USING (shard)
    WHERE n.before IS NULL AND n.seq > s.published_seq + 1
    UNION
    SELECT s.shard, s.next_seq FROM stream.outbox_shard s
    WHERE s.published_seq >= s.next_seq
       OR (s.published_seq < s.next_seq - 1 AND NOT EXISTS (SELECT FROM stream.outbox o WHERE o.shard = s.shard))
)
SELECT count(*) OVER () AS violations, concat_ws('/', shard, seq) AS key FROM flaw ORDER BY key LIMIT 5;

-- name: positions_hold_effects
-- No effect lies beyond the position that it was stored with: each position has the outbox shard of its partition, under
-- the same claim, and every dead letter lies before the position. Topics of dead letters bear no prefix.
WITH flaw AS (
    SELECT p.consumer, p.topic, p.part
    FROM stream.position p
    LEFT JOIN stream.outbox_shard s ON s.shard = concat_ws(':', p.consumer, p.topic, p.part)
    WHERE s.shard IS NULL OR s.epoch <> p.epoch
    UNION
    SELECT d.consumer, d.topic, d.part
    FROM stream.dead_letter d
    LEFT JOIN stream.position p ON p.consumer = d.consumer AND p.part = d.part
                               AND right(p.topic, length(d.topic)) = d.topic
    GROUP BY d.consumer, d.topic, d.part
    HAVING max(d.record_offset) >= coalesce(max(p.next_offset), 0)
)
SELECT count(*) OVER () AS violations, concat_ws('/', consumer, topic, part) AS key FROM flaw ORDER BY key LIMIT 5;
