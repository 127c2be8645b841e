-- name: chooser
-- The programme that a link is about, and where the id leads if its member was merged.
SELECT p.name, g.leads_to
FROM platform.programme p
LEFT JOIN members.merge g ON g.tenant_id = p.tenant_id AND g.programme_id = p.programme_id AND g.member_id = $3
                         AND g.undone_at IS NULL
WHERE p.tenant_id = $1 AND p.programme_id = $2;
