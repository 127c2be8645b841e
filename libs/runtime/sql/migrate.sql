-- name: make_role
-- Returns the statement to run: role names and passwords can't be parameters of DDL, and format() quotes them.
SELECT CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text)
            THEN format('ALTER ROLE %I LOGIN PASSWORD %L NOSUPERUSER NOBYPASSRLS NOCREATEROLE', $1::text, $2::text)
            ELSE format('CREATE ROLE %I LOGIN PASSWORD %L NOSUPERUSER NOBYPASSRLS NOCREATEROLE', $1::text, $2::text) END;

-- name: make_database
SELECT format('CREATE DATABASE %I OWNER pointstream_owner', $1::text)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = $1::text);

-- name: has_ledger_of_migrations
SELECT to_regclass('public.migration') IS NOT NULL;

-- name: applied
SELECT name, checksum FROM public.migration ORDER BY name;

-- name: lock_timeout
SET lock_timeout = '30s';

-- name: lock
SELECT pg_advisory_lock($1);

-- name: ledger_of_migrations
-- Every role may read it: a process that is not at home in this schema says so before it does anything.
CREATE TABLE IF NOT EXISTS public.migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT ON public.migration TO PUBLIC;

-- name: record
INSERT INTO public.migration (name, checksum) VALUES ($1, $2);

-- name: role_settings
-- A frozen worker can't hold a member: the server ends what idles in a transaction. It does not see who has prepared a
-- statement and never comes back to run it, which counts as active: that ends with the time of the whole transaction,
-- short where members are locked. Batches are arrays of changing length, for which one generic plan is right.
ALTER ROLE pointstream_earning SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE pointstream_earning SET transaction_timeout = '30s';
ALTER ROLE pointstream_earning SET lock_timeout = '2s';
ALTER ROLE pointstream_earning SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE pointstream_expiry SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE pointstream_expiry SET transaction_timeout = '15min';
ALTER ROLE pointstream_expiry SET lock_timeout = '2s';
ALTER ROLE pointstream_expiry SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE pointstream_redemption SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE pointstream_redemption SET transaction_timeout = '30s';
ALTER ROLE pointstream_redemption SET lock_timeout = '2s';
ALTER ROLE pointstream_notifier SET plan_cache_mode = 'force_custom_plan'; -- batches of any size, over partitions that fill up
ALTER ROLE pointstream_gateway SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE pointstream_gateway SET transaction_timeout = '15min';
ALTER ROLE pointstream_gateway SET lock_timeout = '2s';
ALTER ROLE pointstream_gateway SET statement_timeout = '10s';

-- name: become_owner
SET LOCAL ROLE pointstream_owner;

-- name: become_self
RESET ROLE;
