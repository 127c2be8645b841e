-- name: name_revealed
-- Who was shown, and to whom, for the log line that follows.
SELECT set_config('pointstream.revealed', $1, true);

-- name: log_revealed
-- The server's log is where whoever looks at personal data can't wipe it away.
DO $$ BEGIN RAISE LOG 'member revealed: %', current_setting('pointstream.revealed'); END $$;
