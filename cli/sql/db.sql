-- name: server
SELECT current_setting('server_version') AS version, current_database() AS database,
       pg_size_pretty(pg_database_size(current_database())) AS size;

-- name: history
SELECT name, applied_at FROM public.migration ORDER BY name;
