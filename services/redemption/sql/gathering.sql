-- name: begin
SELECT * FROM redemption.begin_turn($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: end
SELECT redemption.end_requests($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11,
                               $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23);
