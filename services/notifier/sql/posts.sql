-- Posts on a company's own pages: laid down page by page at their hour, taken, settled.

-- name: beginning
-- Those that are to be published by $1 and were not laid down yet.
SELECT o.tenant_id, o.post_id, o.wanted::text AS wanted
FROM notifier.post o
WHERE o.state = 'scheduled' AND o.begins_at IS NULL AND (o.starts_at IS NULL OR o.starts_at <= $1)
ORDER BY o.made_at, o.post_id
LIMIT $2;

-- name: begin
-- Only one worker begins it.
UPDATE notifier.post o SET begins_at = $3
WHERE o.tenant_id = $1 AND o.post_id = $2 AND o.state = 'scheduled' AND o.begins_at IS NULL
RETURNING o.post_id;

-- name: lay
INSERT INTO notifier.post_page (tenant_id, post_id, page, publication_id, language, state, due_at)
SELECT $1, $2, v.page, v.publication_id, v.language, 'waiting', $6
FROM unnest($3::text[], $4::uuid[], $5::text[]) AS v(page, publication_id, language);

-- name: take
-- The page that is due by $1 for longest, or whose worker was not heard of by $2 of the machine's clock; until $3.
-- `tried_at` is the first attempt of all; `tried_before` says that there was one before this.
UPDATE notifier.post_page g
SET state = 'sending', lease_until = $3, attempts = g.attempts + 1, tried_at = coalesce(g.tried_at, $2)
FROM notifier.post o, platform.programme p, platform.tenant t
WHERE (g.tenant_id, g.post_id, g.page) = (
    SELECT k.tenant_id, k.post_id, k.page FROM notifier.post_page k
    WHERE (k.state = 'waiting' AND k.due_at <= $1) OR (k.state = 'sending' AND k.lease_until < $2)
    ORDER BY k.due_at
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
  AND o.tenant_id = g.tenant_id AND o.post_id = g.post_id
  AND p.tenant_id = o.tenant_id AND p.programme_id = o.programme_id AND t.tenant_id = o.tenant_id
RETURNING g.tenant_id, t.slug AS tenant, p.slug AS programme, g.post_id, g.page, g.publication_id, g.language, g.attempts,
          CASE WHEN g.tried_at < $2 THEN g.tried_at END AS tried_before, o.state <> 'scheduled' AS called_off,
          o.wanted::text AS wanted;

-- name: settle
-- What became of it on a page; nothing where somebody else holds it by now.
UPDATE notifier.post_page g
SET state = $5, due_at = coalesce($6, g.due_at), provider_id = $7, reason = $8, detail = $9, ended_at = $10,
    lease_until = NULL
WHERE g.tenant_id = $1 AND g.post_id = $2 AND g.page = $3 AND g.attempts = $4 AND g.state = 'sending'
RETURNING g.page;

-- name: lock
-- Pages that end at once are counted one after the other.
SELECT o.state FROM notifier.post o WHERE o.tenant_id = $1 AND o.post_id = $2 FOR NO KEY UPDATE;

-- name: pages
SELECT g.state FROM notifier.post_page g WHERE g.tenant_id = $1 AND g.post_id = $2;

-- name: over
UPDATE notifier.post o SET state = $3, ended_at = $4 WHERE o.tenant_id = $1 AND o.post_id = $2 AND o.state = 'scheduled';
