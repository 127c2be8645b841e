-- name: say_loaded
INSERT INTO earning.worker (instance, rules, switches, seen_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (instance) DO UPDATE
SET rules = excluded.rules, switches = excluded.switches, seen_at = excluded.seen_at;
