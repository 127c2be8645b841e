-- name: letters
-- $1 topic, $2 reason (null: any), $3 ids (null: any), $4 only those not replayed, $5 how many at most (null: all).
-- The newest first.
SELECT letter_id, consumer, topic, part, record_offset, record_time, reason, field, detail, attempts, recorded_at,
       replayed_at, length(sealed_value) - 28 AS bytes
FROM stream.dead_letter
WHERE ($1::text IS NULL OR topic = $1) AND ($2::text IS NULL OR reason = $2)
  AND ($3::uuid[] IS NULL OR letter_id = ANY ($3)) AND (NOT $4::boolean OR replayed_at IS NULL)
ORDER BY recorded_at DESC, topic, part, record_offset DESC
LIMIT $5;

-- name: count
SELECT reason, count(*) AS letters
FROM stream.dead_letter
WHERE ($1::text IS NULL OR topic = $1) AND ($2::text IS NULL OR reason = $2)
  AND (NOT $3::boolean OR replayed_at IS NULL)
GROUP BY reason ORDER BY letters DESC, reason;

-- name: sealed
SELECT letter_id, topic, part, record_time, attempts, sealed_key, sealed_value, sealed_headers
FROM stream.dead_letter WHERE letter_id = ANY ($1::uuid[])
ORDER BY topic, part, record_offset;

-- name: mark_replayed
UPDATE stream.dead_letter SET replayed_at = $2 WHERE letter_id = ANY ($1::uuid[]);

-- name: note_who_reveals
SELECT set_config('pointstream.revealed', $1, true);

-- name: log_reveal
-- Into the server's log, where whoever looked can't take it out again.
DO $$ BEGIN RAISE LOG 'dead letter revealed: %', current_setting('pointstream.revealed'); END $$;

-- name: halts
SELECT consumer, topic, part, halted_at, halt_reason, bad_streak, recent_seen, recent_bad
FROM stream.position WHERE halted_at IS NOT NULL ORDER BY consumer, topic, part;

-- name: resume
-- $1 topic, $2 partition; null: any. The counters begin anew, or the next bad record would halt it again.
WITH standing AS (
    SELECT consumer, topic, part, halt_reason FROM stream.position
    WHERE halted_at IS NOT NULL AND ($1::text IS NULL OR topic = $1) AND ($2::int IS NULL OR part = $2)
    FOR NO KEY UPDATE
)
UPDATE stream.position p
SET halted_at = NULL, halt_reason = NULL, bad_streak = 0, recent_seen = 0, recent_bad = 0
FROM standing s
WHERE p.consumer = s.consumer AND p.topic = s.topic AND p.part = s.part
RETURNING p.consumer, p.topic, p.part, s.halt_reason AS reason;
