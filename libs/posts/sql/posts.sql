-- Posts of a company: written, published by the notifier, and how they stand on each page.

-- name: known
-- In whatever programme of the tenant: an id stands for one post.
SELECT o.programme_id, o.digest FROM notifier.post o WHERE o.tenant_id = $1 AND o.post_id = $2;

-- name: has_picture
SELECT EXISTS (SELECT FROM notifier.media m WHERE m.tenant_id = $1 AND m.digest = $2);

-- name: make
INSERT INTO notifier.post (tenant_id, programme_id, post_id, digest, name, wanted, state, starts_at, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, 'draft', $7, $8, $9)
ON CONFLICT DO NOTHING
RETURNING post_id;

-- name: load
-- The newest first; of one programme ($2) or all of the tenant's, behind a place ($3, $4), or one by its id ($5).
SELECT o.programme_id, o.post_id, p.slug AS programme, o.name, o.wanted::text AS wanted, o.state, o.made_by, o.made_at,
       o.starts_at, o.sent_by, o.sent_at, o.two_people, o.decided_by, o.decided_at, o.begins_at, o.ended_at
FROM notifier.post o
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE o.tenant_id = $1 AND ($2::int IS NULL OR o.programme_id = $2) AND ($5::uuid IS NULL OR o.post_id = $5)
  AND ($3::timestamptz IS NULL OR (o.made_at, o.post_id) < ($3, $4::uuid))
ORDER BY o.made_at DESC, o.post_id DESC
LIMIT $6;

-- name: pages
SELECT g.page, g.language, g.state, g.attempts, g.due_at, g.provider_id, g.reason, g.detail, g.ended_at
FROM notifier.post_page g WHERE g.tenant_id = $1 AND g.post_id = $2
ORDER BY g.page;

-- name: captured
SELECT g.post_id, o.name, g.page, g.publication_id, k.captured_at, k.sealed
FROM notifier.captured k
JOIN notifier.post_page g ON g.tenant_id = k.tenant_id AND g.publication_id = k.delivery_id
JOIN notifier.post o ON o.tenant_id = g.tenant_id AND o.post_id = g.post_id
WHERE k.tenant_id = $1
ORDER BY k.captured_at DESC, g.publication_id
LIMIT $2;

-- name: lock
SELECT o.state, o.sent_by FROM notifier.post o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.post_id = $3
FOR NO KEY UPDATE;

-- name: more_members
-- Whether the programme has more members than so many ($3).
SELECT EXISTS (SELECT FROM members.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 OFFSET $3);

-- name: sent
UPDATE notifier.post o SET state = $4, sent_by = $5, sent_at = $6, two_people = $7
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.post_id = $3;

-- name: decided
UPDATE notifier.post o SET state = $4, decided_by = $5, decided_at = $6,
       ended_at = CASE WHEN $4 = 'refused' THEN $6::timestamptz END
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.post_id = $3;

-- name: cancel_pages
UPDATE notifier.post_page g SET state = 'cancelled', ended_at = $3
WHERE g.tenant_id = $1 AND g.post_id = $2 AND g.state = 'waiting';

-- name: cancelled
UPDATE notifier.post o SET state = 'cancelled', ended_at = $4
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.post_id = $3;

-- name: retry_pages
-- The time of the first attempt stays: what was published by one of them is looked for from there on.
UPDATE notifier.post_page g SET state = 'waiting', attempts = 0, due_at = $3, ended_at = NULL
WHERE g.tenant_id = $1 AND g.post_id = $2 AND g.state = 'failed';

-- name: retried
UPDATE notifier.post o SET state = 'scheduled', ended_at = NULL
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.post_id = $3;
