-- name: known
SELECT o.digest FROM notifier.own_letter o WHERE o.tenant_id = $1 AND o.letter_id = $2;

-- name: one_by_one
-- Holds back others who ask for the same person, to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('own_letter/' || $1::int || '/' || $2::text, 0));

-- name: spent
-- When the test was asked for behind which somebody ($2) has had $4 more since an instant ($3); nothing where they have not.
SELECT o.asked_at
FROM notifier.own_letter o
WHERE o.tenant_id = $1 AND o.asked_by = $2 AND o.kind = 'test' AND o.asked_at > $3
ORDER BY o.asked_at DESC
OFFSET $4 LIMIT 1;

-- name: put
INSERT INTO notifier.own_letter (tenant_id, letter_id, programme_id, kind, channel, message, digest, sealed, state, due_at,
                                 asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $10, $9, $10)
ON CONFLICT DO NOTHING;

-- name: load
SELECT o.letter_id, p.slug AS programme, o.kind, o.channel, o.message, o.state, o.reason, o.detail, o.asked_by, o.asked_at,
       o.ended_at
FROM notifier.own_letter o
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE o.tenant_id = $1 AND o.letter_id = $2;

-- name: captured
-- What was captured of them, the newest first, or one ($3).
SELECT o.letter_id, o.kind, o.message, k.channel, k.captured_at, k.sealed
FROM notifier.own_letter o
JOIN notifier.captured k ON k.tenant_id = o.tenant_id AND k.delivery_id = o.letter_id
WHERE o.tenant_id = $1 AND ($3::uuid IS NULL OR o.letter_id = $3)
ORDER BY k.captured_at DESC, o.letter_id
LIMIT $2;
