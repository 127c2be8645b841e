-- name: enrich
-- Points for a member whom everybody pays from.
UPDATE ledger.lot SET amount = 1000000, remaining = 1000000
WHERE tenant_id = $1 AND member_id = $2 AND expires_at = $3::timestamptz + interval '1 year';

-- name: redeemed
SELECT count(*) FROM redemption.redemption;
