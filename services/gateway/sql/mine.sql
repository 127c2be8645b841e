-- Who of the company looked at members' own pages.

-- name: keep_opening
INSERT INTO gateway.page_opened (tenant_id, programme_id, member_id, opened_at, opened_id, until, opened_by)
VALUES ($1, $2, $3, $4, gen_random_uuid(), $5, $6);

-- name: openings
SELECT o.opened_at, o.until, o.opened_by FROM gateway.page_opened o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = $3
ORDER BY o.opened_at DESC, o.opened_id
LIMIT 100;
