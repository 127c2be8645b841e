-- name: save_orders
SELECT redemption.save_orders($1::jsonb, $2::jsonb, $3::jsonb, $4::jsonb);
