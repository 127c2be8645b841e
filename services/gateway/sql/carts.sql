-- name: cart
SELECT cart_id, member_id, receipt_key, receipt_number, store, state, held_until, currency, total_minor, returned_minor, parts::text AS parts
FROM redemption.cart WHERE tenant_id = $1 AND cart_id = $2;
