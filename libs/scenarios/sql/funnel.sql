-- name: steps
-- How the steps of scenarios stand that came due since a day ($3): messages each over the last channel that it was tried on.
SELECT s.scenario, s.step, s.arm, s.state, s.reason, s.members
FROM (
    SELECT split_part(d.occasion, '/', 2) AS scenario, split_part(d.occasion, '/', 3) AS step,
           coalesce(d.facts ->> 'scenario_arm', '') AS arm, d.state, coalesce(d.reason, '') AS reason, count(*) AS members
    FROM notifier.delivery d
    WHERE d.tenant_id = $1 AND d.programme_id = $2
      AND starts_with(d.occasion, 'scenario/') AND d.occasion_on >= $3
      AND NOT EXISTS (
          SELECT FROM notifier.delivery n
          WHERE n.tenant_id = d.tenant_id AND n.programme_id = d.programme_id AND n.member_id = d.member_id
            AND n.message = d.message AND n.occasion = d.occasion AND n.occasion_on = d.occasion_on AND n.place > d.place)
    GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT a.scenario, a.step, coalesce(a.arm, ''), a.state, coalesce(a.reason, ''), count(*)
    FROM notifier.scenario_act a
    WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.occasion_on >= $3
    GROUP BY 1, 2, 3, 4, 5
) AS s;

-- name: begun
-- How often scenarios ($4) began of which a step came due since a day ($3), and after how many of these the goal ($5) was
-- reached within so many days ($6). A beginning is a member and what happened, as each of its steps names it: two things of one
-- moment are two, and no step has more members than began.
WITH begun AS (
    SELECT s.scenario, s.arm, s.member_id, regexp_replace(s.occasion, '^scenario/[^/]*/[^/]*/', '') AS cause, min(s.began) AS began
    FROM (
        SELECT split_part(d.occasion, '/', 2) AS scenario, coalesce(d.facts ->> 'scenario_arm', '') AS arm, d.member_id,
               d.occasion, (d.facts ->> 'scenario_began')::timestamptz AS began
        FROM notifier.delivery d
        WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.place = 0
          AND starts_with(d.occasion, 'scenario/') AND d.occasion_on >= $3
        UNION ALL
        SELECT a.scenario, coalesce(a.arm, ''), a.member_id, a.occasion, a.began_at
        FROM notifier.scenario_act a
        WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.occasion_on >= $3
    ) AS s
    GROUP BY 1, 2, 3, 4
)
SELECT b.scenario, b.arm, count(*) AS begun,
       count(*) FILTER (WHERE CASE g.goal
           WHEN 'earned' THEN EXISTS (
               SELECT FROM ledger.lot l
               WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = b.member_id AND l.opened_by = 'credit'
                 AND l.earned_at > b.began AND l.earned_at <= b.began + make_interval(days => g.days))
           WHEN 'redeemed' THEN EXISTS (
               SELECT FROM ledger.movement m
               WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = b.member_id AND m.kind IN ('redeem', 'commit')
                 AND m.effective_at > b.began AND m.effective_at <= b.began + make_interval(days => g.days))
           ELSE false END) AS won
FROM begun b
JOIN unnest($4::text[], $5::text[], $6::int[]) AS g(scenario, goal, days) USING (scenario)
GROUP BY b.scenario, b.arm;
