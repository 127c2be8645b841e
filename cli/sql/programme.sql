-- name: workers
-- Workers that have been heard of lately, and whether they judge by what there is now.
SELECT w.instance, w.rules = earning.rules_digest() AND w.switches = earning.switches_digest() AS loaded
FROM earning.worker w
WHERE w.seen_at >= $1
ORDER BY w.instance;
