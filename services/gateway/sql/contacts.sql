-- name: asked
-- What the member, or somebody with their address, agreed to on pages, and whether the address's owner confirmed it.
SELECT a.purpose, a.channel, a.source, a.text, a.text_version, a.asked_at, a.until, a.confirmed_at
FROM vault.consent_asked a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = $3
ORDER BY a.asked_at DESC, a.ask_id
LIMIT 100;

-- name: chooser
-- The programme that a link is about, and where the id leads if its member was merged.
SELECT p.name, g.leads_to
FROM platform.programme p
LEFT JOIN members.merge g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id AND g.member_id = $3
                         AND g.undone_at IS NULL
WHERE p.tenant_id = $1 AND p.programme_id = $2;
