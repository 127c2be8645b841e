-- name: name_revealed
-- Who was shown, and to whom, for the log line that follows.
SELECT set_config('pointstream.revealed', $1, true);

-- name: log_revealed
-- The server's log is where whoever looks at personal data can't wipe it away.
DO $$ BEGIN RAISE LOG 'member revealed: %', current_setting('pointstream.revealed'); END $$;

-- name: asked
-- What was ticked on pages for a member, up to 100, and whether the owner of the address confirmed it.
SELECT a.purpose, a.channel, a.asked_at, a.source, a.until, a.confirmed_at
FROM vault.consent_asked a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = $3
ORDER BY a.asked_at DESC, a.ask_id
LIMIT 100;
