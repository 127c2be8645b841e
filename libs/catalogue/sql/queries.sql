-- Rewards, what is known of who asks for them, and orders as they stand.

-- name: rewards
-- The rewards of a programme as they are now.
SELECT DISTINCT ON (r.reference) r.reference, r.version, r.document, r.author, r.recorded_at
FROM redemption.reward r
WHERE r.tenant_id = $1 AND r.programme_id = $2
ORDER BY r.reference, r.version DESC;

-- name: reward
-- A reward as it is now, or as one of its versions.
SELECT r.reference, r.version, r.document, r.author, r.recorded_at
FROM redemption.reward r
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.reference = $3 AND r.version = coalesce($4, r.version)
ORDER BY r.version DESC LIMIT 1;

-- name: versions
SELECT r.reference, r.version, r.document, r.author, r.recorded_at
FROM redemption.reward r JOIN unnest($3::text[], $4::int[]) AS w (reference, version) USING (reference, version)
WHERE r.tenant_id = $1 AND r.programme_id = $2;

-- name: history
SELECT r.reference, r.version, r.document, r.author, r.recorded_at
FROM redemption.reward r WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.reference = $3
ORDER BY r.version DESC LIMIT $4;

-- name: wishes
SELECT w.reference, w.added_at, w.told_at FROM redemption.wish w
WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = $3 ORDER BY w.added_at, w.reference;

-- name: add_wish
INSERT INTO redemption.wish (tenant_id, programme_id, member_id, reference, added_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: drop_wish
DELETE FROM redemption.wish w
WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = $3 AND w.reference = $4;

-- name: standing_orders
SELECT s.reference, s.at_points, s.repeats, s.is_on, s.asked_at, s.asked_by, s.done, s.order_id, s.done_at, s.barred, s.barred_at
FROM redemption.standing_order s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3 ORDER BY s.asked_at, s.reference;

-- name: put_standing_order
INSERT INTO redemption.standing_order AS s (tenant_id, programme_id, member_id, reference, at_points, repeats, is_on, asked_at,
                                            asked_by)
VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8)
ON CONFLICT (tenant_id, programme_id, member_id, reference) DO UPDATE
    SET at_points = excluded.at_points, repeats = excluded.repeats, is_on = true, asked_at = excluded.asked_at,
        asked_by = excluded.asked_by, seen = -1, barred = NULL, barred_at = NULL, again_at = NULL;

-- name: stop_standing_order
UPDATE redemption.standing_order s SET is_on = false, asked_at = $5, asked_by = $6, again_at = NULL
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3 AND s.reference = $4 AND s.is_on;

-- name: add_version
INSERT INTO redemption.reward (tenant_id, programme_id, reference, version, document, author, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, programme_id, reference, version) DO NOTHING
RETURNING version;

-- name: facts
SELECT (SELECT array_agg(t.tier_set || '/' || t.level) FROM members.tier_standing t
        WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.member_id = $3 AND t.level IS NOT NULL) AS tiers,
       (SELECT array_agg(s.segment) FROM members.segment_member s
        WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3) AS segments,
       (SELECT array_agg(l.list) FROM members.list_member l
        WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = $3) AS lists,
       (SELECT count(*) FROM earning.referral r
        WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.referrer_id = $3 AND r.state = 'converted') AS referrals,
       (SELECT m.tier FROM ledger.member m
        WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3) AS tier;

-- name: had
-- What a member had of the catalogue so far, and members merged into them: what was not given up, and when.
SELECT o.reference, o.category, o.asked_at, o.quantity - o.cancelled AS pieces
FROM (
    SELECT $3::uuid AS whose
    UNION ALL
    SELECT g.member_id FROM members.merge g
    WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.leads_to = $3 AND g.undone_at IS NULL
) AS w
CROSS JOIN LATERAL (
    SELECT * FROM redemption.reward_order r
    WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.member_id = w.whose AND r.state NOT IN ('released', 'expired')
      AND r.quantity > r.cancelled
    ORDER BY r.order_id -- the key has this order, and no other index is as good while the table is young
) AS o;

-- name: stock
SELECT s.reference, s.store, s.free, s.reserved FROM redemption.stock s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND ($3::text[] IS NULL OR s.reference = ANY ($3::text[]))
ORDER BY s.reference, s.store;

-- name: used
SELECT u.reference, u.period, u.used FROM redemption.reward_use u
WHERE u.tenant_id = $1 AND u.programme_id = $2 AND u.reference = ANY ($3::text[]);

-- name: set_stock
-- So many are free from now on; `$6` of them more than there were, where that is given.
INSERT INTO redemption.stock AS s (tenant_id, programme_id, reference, store, free)
VALUES ($1, $2, $3, $4, greatest(coalesce($5::bigint, $6::bigint), 0))
ON CONFLICT (tenant_id, programme_id, reference, store) DO UPDATE
    SET free = CASE WHEN $5::bigint IS NULL THEN s.free + $6::bigint ELSE $5::bigint END
RETURNING s.free, s.reserved;

-- name: orders_of_member
SELECT to_jsonb(o)::text AS document FROM redemption.reward_order o
WHERE o.tenant_id = $1 AND o.programme_id = $2 AND o.member_id = $3
  AND ($4::timestamptz IS NULL OR (o.asked_at, o.order_id) < ($4, $5::uuid))
ORDER BY o.asked_at DESC, o.order_id DESC LIMIT $6;

-- name: orders
-- Orders of a programme, newest first; of one state, kind or reward, where that is given.
SELECT to_jsonb(o)::text AS document FROM redemption.reward_order o
WHERE o.tenant_id = $1 AND o.programme_id = $2
  AND ($3::text[] IS NULL OR o.state = ANY ($3::text[])) AND ($4::text IS NULL OR o.kind = $4)
  AND ($5::text IS NULL OR o.reference = $5)
  AND ($6::timestamptz IS NULL OR (o.asked_at, o.order_id) < ($6, $7::uuid))
ORDER BY o.asked_at DESC, o.order_id DESC LIMIT $8;

-- name: order
SELECT to_jsonb(o)::text AS document FROM redemption.reward_order o WHERE o.tenant_id = $1 AND o.order_id = $2;

-- name: tenant_of
SELECT o.tenant_id FROM redemption.reward_order o WHERE o.order_id = $1;

-- name: steps
SELECT s.order_id, s.number, s.state, s.at, s.by, s.note, s.tracking FROM redemption.reward_step s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND (s.member_id, s.order_id) IN
      (SELECT * FROM unnest($3::uuid[], $4::uuid[]))
ORDER BY s.order_id, s.number;

-- name: sealed_answers
SELECT a.order_id, a.sealed FROM redemption.reward_answer a
WHERE a.tenant_id = $1 AND a.programme_id = $2 AND (a.member_id, a.order_id) IN
      (SELECT * FROM unnest($3::uuid[], $4::uuid[]));
