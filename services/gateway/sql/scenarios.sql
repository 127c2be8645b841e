-- name: funnel
-- How the steps of scenarios stand that came due since a day, each counted over the last channel that it was tried on.
SELECT split_part(d.occasion, '/', 2) AS scenario, split_part(d.occasion, '/', 3) AS step, d.state,
       coalesce(d.reason, '') AS reason, count(*) AS members
FROM notifier.delivery d
WHERE d.tenant_id = $1 AND d.programme_id = $2
  AND starts_with(d.occasion, 'scenario/') AND d.occasion_on >= $3
  AND NOT EXISTS (
      SELECT FROM notifier.delivery n
      WHERE n.tenant_id = d.tenant_id AND n.programme_id = d.programme_id AND n.member_id = d.member_id
        AND n.message = d.message AND n.occasion = d.occasion AND n.occasion_on = d.occasion_on AND n.place > d.place)
GROUP BY 1, 2, 3, 4;
