-- name: redemption
SELECT p.slug AS programme, r.programme_id, r.member_id, r.redemption_id, r.state, r.points, r.restored, r.hold_until,
       r.extended, r.reference, r.shares::text AS shares, r.asked_at, r.changed_at,
       b.currency, b.amount_minor, b.paid_minor, b.rate_points, b.rate_minor, b.tax, b.returned_minor,
       t.kind AS trade_kind, t.wallet AS trade_wallet, t.points AS trade_points, t.other AS trade_other,
       t.currency AS trade_currency, t.party, t.pool, t.payment, t.rate_points AS trade_rate_points,
       t.rate_other AS trade_rate_other, t.programme_version, t.opens, t.due_at,
       (SELECT to_jsonb(o)::text FROM redemption.reward_order o
        WHERE o.tenant_id = r.tenant_id AND o.programme_id = r.programme_id AND o.member_id = r.member_id
          AND o.order_id = r.redemption_id) AS order_row
FROM redemption.redemption r JOIN platform.programme p USING (tenant_id, programme_id)
LEFT JOIN redemption.bill b USING (tenant_id, programme_id, member_id, redemption_id)
LEFT JOIN redemption.trade t USING (tenant_id, programme_id, member_id, redemption_id)
WHERE r.tenant_id = $1 AND r.redemption_id = $2;

-- name: of_member
-- Newest first, behind a place.
SELECT p.slug AS programme, r.programme_id, r.member_id, r.redemption_id, r.state, r.points, r.restored, r.hold_until,
       r.extended, r.reference, r.shares::text AS shares, r.asked_at, r.changed_at,
       b.currency, b.amount_minor, b.paid_minor, b.rate_points, b.rate_minor, b.tax, b.returned_minor,
       t.kind AS trade_kind, t.wallet AS trade_wallet, t.points AS trade_points, t.other AS trade_other,
       t.currency AS trade_currency, t.party, t.pool, t.payment, t.rate_points AS trade_rate_points,
       t.rate_other AS trade_rate_other, t.programme_version, t.opens, t.due_at,
       (SELECT to_jsonb(o)::text FROM redemption.reward_order o
        WHERE o.tenant_id = r.tenant_id AND o.programme_id = r.programme_id AND o.member_id = r.member_id
          AND o.order_id = r.redemption_id) AS order_row
FROM redemption.redemption r JOIN platform.programme p USING (tenant_id, programme_id)
LEFT JOIN redemption.bill b USING (tenant_id, programme_id, member_id, redemption_id)
LEFT JOIN redemption.trade t USING (tenant_id, programme_id, member_id, redemption_id)
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.member_id = $3
  AND ($4::timestamptz IS NULL OR (r.asked_at, r.redemption_id) < ($4, $5::uuid))
ORDER BY r.asked_at DESC, r.redemption_id DESC
LIMIT $6;

-- name: lots
-- When lots were earned, and when they lapse as they are now.
SELECT seq, earned_at, expires_at FROM ledger.lot_now
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND seq = ANY ($4::bigint[]);
