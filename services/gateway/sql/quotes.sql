-- What a quote reads, by functions that say first whose rows may be seen.

-- name: member
SELECT * FROM gateway.quote_member($1, $2, $3, $4, $5);

-- name: counters
SELECT used FROM gateway.quote_counters($1, $2, $3);
