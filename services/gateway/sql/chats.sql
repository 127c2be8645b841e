-- name: family
-- Whose messages a member sees beside their own: those of who was merged into them.
SELECT g.member_id FROM members.merge g
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.leads_to = $3 AND g.undone_at IS NULL ORDER BY g.member_id;

-- name: heads
SELECT c.member_id, c.state, c.state_at, c.state_by, c.assigned_key, c.assigned_to, c.unread, c.unread_since, c.last_at,
       c.member_read, c.seen_at, c.change
FROM gateway.chat c
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = ANY ($3::uuid[]);

-- name: save
INSERT INTO gateway.chat AS c (tenant_id, programme_id, member_id, state, state_at, state_by, assigned_key, assigned_to,
                               unread, unread_since, last_at, member_read, seen_at, change)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
    SET state = excluded.state, state_at = excluded.state_at, state_by = excluded.state_by,
        assigned_key = excluded.assigned_key, assigned_to = excluded.assigned_to,
        unread = excluded.unread, unread_since = excluded.unread_since, last_at = excluded.last_at,
        member_read = excluded.member_read, seen_at = excluded.seen_at, change = excluded.change;

-- name: say
INSERT INTO gateway.chat_message (tenant_id, programme_id, member_id, message_id, said_by, sealed, said_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING number;

-- name: message
SELECT m.member_id, m.number, m.message_id, m.said_by, m.sealed, m.said_at, k.sealed_key
FROM gateway.chat_message m
JOIN vault.member_key k USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3 AND m.message_id = $4 AND k.sealed_key IS NOT NULL;

-- name: messages_after
-- The next messages above a number.
SELECT m.member_id, m.number, m.message_id, m.said_by, m.sealed, m.said_at, k.sealed_key
FROM gateway.chat_message m
JOIN vault.member_key k USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND k.sealed_key IS NOT NULL
  AND m.number > $4
ORDER BY m.number LIMIT $5;

-- name: messages_before
-- The last messages below a number.
SELECT m.member_id, m.number, m.message_id, m.said_by, m.sealed, m.said_at, k.sealed_key
FROM gateway.chat_message m
JOIN vault.member_key k USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND k.sealed_key IS NOT NULL
  AND m.number < $4
ORDER BY m.number DESC LIMIT $5;

-- name: answers_unread
-- How many answers a member has not seen.
SELECT count(*)::int FROM gateway.chat_message m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND m.number > $4
  AND m.said_by IS NOT NULL;

-- name: chats
-- The talks of a company: who waits longest first, then what was said last. A merged member's counts as the survivor's.
SELECT c.programme_id, p.slug AS programme, p.zone, coalesce(g.leads_to, c.member_id) AS shown_id,
       c.member_id, c.state, c.state_at, c.state_by, c.assigned_key, c.assigned_to, c.unread, c.unread_since, c.last_at,
       c.member_read, c.seen_at, c.change
FROM gateway.chat c
JOIN platform.programme p USING (tenant_id, programme_id)
LEFT JOIN members.merge g ON g.tenant_id = c.tenant_id AND g.programme_id = c.programme_id AND g.member_id = c.member_id
                         AND g.undone_at IS NULL
WHERE c.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2) AND c.state = $3
  AND (NOT $4::boolean OR c.unread > 0) AND ($5::text IS NULL OR c.assigned_key = $5)
  AND ($6::int IS NULL
       OR (CASE WHEN c.unread > 0 THEN 0 ELSE 1 END,
           CASE WHEN c.unread > 0 THEN extract(epoch FROM c.unread_since) ELSE -extract(epoch FROM c.last_at) END,
           c.member_id)
          > ($6, CASE WHEN $6 = 0 THEN extract(epoch FROM $7::timestamptz) ELSE -extract(epoch FROM $7::timestamptz) END,
             $8::uuid))
ORDER BY CASE WHEN c.unread > 0 THEN 0 ELSE 1 END,
         CASE WHEN c.unread > 0 THEN extract(epoch FROM c.unread_since) ELSE -extract(epoch FROM c.last_at) END,
         c.member_id
LIMIT $9;

-- name: counts
-- How many talks are open, how many of them wait for an answer, and how many of them somebody has taken on.
SELECT count(*)::int AS open, count(*) FILTER (WHERE c.unread > 0)::int AS unread,
       count(*) FILTER (WHERE c.assigned_key = $2)::int AS mine
FROM gateway.chat c
WHERE c.tenant_id = $1 AND c.state = 'open';

-- name: changes
-- How far some talks have got.
SELECT c.programme_id, c.member_id, c.change
FROM unnest($2::int[], $3::uuid[]) AS v(programme_id, member_id)
JOIN gateway.chat c ON c.tenant_id = $1 AND c.programme_id = v.programme_id AND c.member_id = v.member_id;

-- name: desk
SELECT d.document::text AS document, d.kept_by, d.kept_at FROM gateway.chat_desk d
WHERE d.tenant_id = $1 AND d.programme_id = $2;

-- name: keep_desk
INSERT INTO gateway.chat_desk (tenant_id, programme_id, document, kept_by, kept_at) VALUES ($1, $2, $3::jsonb, $4, $5)
ON CONFLICT (tenant_id, programme_id) DO UPDATE
    SET document = excluded.document, kept_by = excluded.kept_by, kept_at = excluded.kept_at;

-- name: close_silent
-- What was answered and has been silent since an instant is closed by nobody.
UPDATE gateway.chat SET state = 'closed', state_at = $3, state_by = NULL, change = change + 1
WHERE tenant_id = $1 AND state = 'open' AND unread = 0 AND last_at < $2;

-- name: forget_closed
-- Talks that were closed before an instant, with their messages, so many at once.
WITH gone AS (
    DELETE FROM gateway.chat c
    WHERE c.tenant_id = $1 AND c.state = 'closed' AND c.state_at < $2
      AND (c.programme_id, c.member_id) IN (
          SELECT o.programme_id, o.member_id FROM gateway.chat o
          WHERE o.tenant_id = $1 AND o.state = 'closed' AND o.state_at < $2
          ORDER BY o.state_at LIMIT $3)
    RETURNING c.programme_id, c.member_id
), words AS (
    DELETE FROM gateway.chat_message m USING gone g
    WHERE m.tenant_id = $1 AND m.programme_id = g.programme_id AND m.member_id = g.member_id
)
SELECT count(*)::int FROM gone;

-- name: away
-- Members of a company with answers that they have not seen since an instant, and were not told of; not those of long ago.
SELECT c.programme_id, c.member_id, max(m.number) AS number
FROM gateway.chat c
JOIN gateway.chat_message m USING (tenant_id, programme_id, member_id)
WHERE c.tenant_id = $1 AND c.last_at >= $2 AND c.member_told <= c.member_read
  AND m.number > c.member_read AND m.said_by IS NOT NULL
GROUP BY c.programme_id, c.member_id
HAVING min(m.said_at) < $3
ORDER BY c.programme_id, c.member_id LIMIT $4;

-- name: note_told
UPDATE gateway.chat SET member_told = $4 WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND member_told < $4;
