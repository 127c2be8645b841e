-- name: rate
-- A member's word on an order, in place of the last one.
INSERT INTO redemption.rating AS r (tenant_id, programme_id, member_id, order_id, reference, kind, stars, sealed, rated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, programme_id, member_id, order_id) DO UPDATE
    SET stars = excluded.stars, sealed = excluded.sealed, rated_at = excluded.rated_at;

-- name: rating
SELECT r.order_id, r.reference, r.kind, r.stars, r.sealed, r.rated_at, r.member_id, k.sealed_key
FROM redemption.rating r
LEFT JOIN vault.member_key k
    ON k.tenant_id = r.tenant_id AND k.programme_id = r.programme_id AND k.member_id = r.member_id
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.member_id = $3 AND r.order_id = $4;

-- name: last_ratings
-- The last words on a reward, or on all of a programme.
SELECT r.order_id, r.reference, r.kind, r.stars, r.sealed, r.rated_at, r.member_id, k.sealed_key
FROM redemption.rating r
LEFT JOIN vault.member_key k
    ON k.tenant_id = r.tenant_id AND k.programme_id = r.programme_id AND k.member_id = r.member_id
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND ($3::text IS NULL OR r.reference = $3)
ORDER BY r.rated_at DESC, r.order_id LIMIT $4;

-- name: figures
-- How many members gave how many stars to each reward, or to one.
SELECT reference, stars::int AS stars, count(*)::int AS times FROM redemption.rating
WHERE tenant_id = $1 AND programme_id = $2 AND ($3::text IS NULL OR reference = $3)
GROUP BY reference, stars ORDER BY reference, stars;

-- name: rated
-- Which of some orders a member has rated, and with how many stars.
SELECT order_id, stars::int AS stars FROM redemption.rating
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND order_id = ANY ($4::uuid[]);
