-- Receipts that wait: for an operator or a rate (parked), or for somebody who claims them.

-- name: counts
-- Told up to 1,000: beyond that nobody counts by hand, and the page asks every other second.
SELECT reason, count(*) AS receipts
FROM (SELECT reason FROM earning.parked_receipt WHERE tenant_id = $1 LIMIT 1000) AS parked
GROUP BY reason
UNION ALL
SELECT 'unclaimed', count(*)
FROM (SELECT FROM earning.unclaimed_receipt WHERE tenant_id = $1 LIMIT 1000) AS unclaimed
HAVING count(*) > 0
ORDER BY 1;
