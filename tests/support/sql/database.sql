-- name: copy_database
-- Returns the statement to run: names can't be parameters of DDL. Its files are copied, which is a third of the work of
-- writing every page to the log.
SELECT format('CREATE DATABASE %I TEMPLATE %I STRATEGY file_copy', $1::text, $2::text);

-- name: drop_database
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', $1::text);
