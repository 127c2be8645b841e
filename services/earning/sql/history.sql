-- name: count_days
SELECT earning.count_days($1, $2, $3, $4, $5, $6, $7, $8::jsonb[], $9);
