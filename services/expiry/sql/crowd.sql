-- name: told_by_others
-- How many rows all writers but this one ($1) have ever put into the outbox.
SELECT coalesce(sum(next_seq), 0)::bigint FROM stream.outbox_shard WHERE NOT starts_with(shard, $1 || '/');
