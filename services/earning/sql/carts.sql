-- name: buy
SELECT became, whose FROM redemption.buy_carts($1, $2, $3, $4);
