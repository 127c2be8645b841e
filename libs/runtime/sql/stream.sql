-- name: claim
SELECT * FROM stream.claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: halt
UPDATE stream.position SET halted_at = $4, halt_reason = $5
WHERE consumer = $1 AND topic = $2 AND part = $3;

-- name: judge
-- Of positions that this transaction has moved; one that was fenced is where somebody else has left it.
UPDATE stream.position p
SET bad_streak = v.streak, recent_seen = v.seen, recent_bad = v.bad,
    halted_at = CASE WHEN v.halt IS NULL THEN NULL ELSE $2::timestamptz END, halt_reason = v.halt
FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::int[], $8::int[], $9::int[], $10::text[])
    AS v(topic, part, next, epoch, streak, seen, bad, halt)
WHERE p.consumer = $1 AND p.topic = v.topic AND p.part = v.part AND p.next_offset = v.next AND p.epoch = v.epoch;

-- name: halted
SELECT topic, part FROM stream.position WHERE consumer = $1 AND halted_at IS NOT NULL;

-- name: positions
SELECT p.topic, p.part, p.next_offset, p.epoch
FROM stream.position p JOIN unnest($2::text[], $3::int[]) AS v(topic, part) USING (topic, part)
WHERE p.consumer = $1;

-- name: enqueue
SELECT stream.enqueue($1, $2, $3, $4, $5, $6, $7);

-- name: move_cursors
UPDATE stream.outbox_shard s
SET published_seq = greatest(s.published_seq, v.published), lease_until = $4
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS v(shard, epoch, published)
WHERE s.shard = v.shard AND s.epoch = v.epoch;

-- name: cursors
SELECT shard, published_seq FROM stream.outbox_shard WHERE shard = ANY ($1::text[]);

-- name: unpublished
-- Rows of a shard after the cursor, oldest first; a row is published whole.
SELECT seq, count, topic, events FROM stream.outbox
WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT 50;

-- name: dead_letters
INSERT INTO stream.dead_letter (letter_id, consumer, tenant_id, topic, part, record_offset, record_time, reason, field,
                                detail, attempts, sealed_key, sealed_value, sealed_headers, recorded_at)
SELECT v.letter_id, $1, NULL, v.topic, v.part, v.record_offset, v.record_time, v.reason, v.field, v.detail, v.attempts,
       v.sealed_key, v.sealed_value, v.sealed_headers, $2
FROM unnest($3::uuid[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[], $8::text[], $9::text[], $10::text[],
            $11::int[], $12::bytea[], $13::bytea[], $14::bytea[])
    AS v(letter_id, topic, part, record_offset, record_time, reason, field, detail, attempts, sealed_key, sealed_value,
         sealed_headers)
ON CONFLICT (letter_id) DO NOTHING;
