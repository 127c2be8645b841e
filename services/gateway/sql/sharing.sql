-- name: add
-- What a member shares; the same again is what it was, and its link lives anew.
INSERT INTO gateway.share (tenant_id, programme_id, member_id, share_id, what, reference, texts, picture, shared_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, programme_id, member_id, share_id) DO UPDATE SET shared_at = excluded.shared_at;

-- name: share
-- What a link leads to, if it was shared since $4.
SELECT share_id, what, reference, texts::text AS texts, picture, shared_at, opened FROM gateway.share
WHERE tenant_id = $1 AND programme_id = $2 AND share_id = $3 AND shared_at > $4;

-- name: open
UPDATE gateway.share SET opened = opened + 1 WHERE tenant_id = $1 AND programme_id = $2 AND share_id = $3;

-- name: of_member
SELECT share_id, what, reference, texts::text AS texts, picture, shared_at, opened FROM gateway.share
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 ORDER BY shared_at DESC, share_id LIMIT 100;

-- name: counts
-- What is shared most, and how often people came by it.
SELECT what, reference, count(*)::int AS shared, sum(opened)::bigint AS opened FROM gateway.share
WHERE tenant_id = $1 AND programme_id = $2 GROUP BY what, reference ORDER BY shared DESC, what, reference LIMIT $3;
