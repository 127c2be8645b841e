-- name: positions
-- How far a topic is taken: nobody but the one consumer of ours moves here.
SELECT part, max(next_offset) AS next_offset, max(halt_reason) AS halt_reason
FROM stream.position
WHERE topic = $1
GROUP BY part;
