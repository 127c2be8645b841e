-- Steps of scenarios that are no messages.

-- name: plan
INSERT INTO notifier.scenario_act (tenant_id, programme_id, member_id, occasion, occasion_on, scenario, step, action, arm,
                                   began_at, due_at, useful_until, state)
SELECT v.*, 'waiting'
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::timestamptz[], $11::timestamptz[], $12::timestamptz[]) AS v
ON CONFLICT DO NOTHING
RETURNING occasion;

-- name: due
-- The steps due by $1 that waited for longest; two workers take different ones.
SELECT a.tenant_id, a.programme_id, a.member_id, a.occasion, a.occasion_on, a.scenario, a.step, a.action, a.arm, a.began_at,
       a.useful_until
FROM notifier.scenario_act a
WHERE a.state = 'waiting' AND a.due_at <= $1
ORDER BY a.due_at
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED;

-- name: settle
UPDATE notifier.scenario_act a
SET state = CASE WHEN v.reason IS NULL THEN 'done' ELSE 'dropped' END, reason = v.reason, ended_at = $7
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::date[], $6::text[])
    AS v(tenant_id, programme_id, member_id, occasion, occasion_on, reason)
WHERE a.tenant_id = v.tenant_id AND a.programme_id = v.programme_id AND a.member_id = v.member_id
  AND a.occasion = v.occasion AND a.occasion_on = v.occasion_on;

-- name: oldest
SELECT coalesce(extract(epoch FROM $1 - min(a.due_at)), 0)::float
FROM notifier.scenario_act a
WHERE a.state = 'waiting' AND a.due_at <= $1;
