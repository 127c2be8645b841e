-- name: preload
ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';

-- name: count_nested
ALTER SYSTEM SET pg_stat_statements.track = 'all';

-- name: time_io
ALTER SYSTEM SET track_io_timing = on;

-- name: extension
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;

-- name: reset
SELECT pg_stat_statements_reset(), pg_stat_reset_shared('wal');

-- name: dearest
SELECT query, calls, rows, total_exec_time AS milliseconds, wal_bytes::float8 AS log_bytes,
       shared_blk_read_time + shared_blk_write_time AS io_milliseconds
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT 25;

-- name: log
SELECT wal_bytes::float8 AS bytes, wal_records::float8 AS records, wal_fpi AS full_pages FROM pg_stat_wal;
