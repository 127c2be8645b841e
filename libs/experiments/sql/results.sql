-- name: arms
-- What the members of each arm did between two days: everybody is in an arm, also who did nothing. `$5` are the borders of
-- the arms in the thousand, `$6` the experiment's name; the place is that of `place_of` in libs/promotions/experiments.py.
WITH done AS (
    SELECT d.member_id, sum(d.visits)::bigint AS visits, sum(d.spend_minor)::bigint AS spend_minor
    FROM earning.member_day d
    WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.day BETWEEN $3 AND $4
    GROUP BY d.member_id
),
placed AS (
    SELECT m.member_id,
           width_bucket(
               (('x' || encode(substring(sha256(convert_to($6::text, 'UTF8') || '\x00'::bytea || uuid_send(m.member_id))
                               FOR 4), 'hex'))::bit(32)::bigint * 1000 >> 32)::int, $5::int[]) AS arm
    FROM members.member m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.enrolled_at < $7
)
SELECT p.arm, count(*) AS members, count(*) FILTER (WHERE d.member_id IS NOT NULL) AS seen,
       count(*) FILTER (WHERE d.visits > 0) AS buyers,
       coalesce(sum(d.visits), 0)::bigint AS purchases, coalesce(sum(d.spend_minor), 0)::bigint AS spend_minor,
       coalesce(sum(d.spend_minor::numeric * d.spend_minor), 0)::text AS spend_squares
FROM placed p
LEFT JOIN done d USING (member_id)
GROUP BY p.arm;

-- name: given
-- What the members of each arm got between two days: points by wallet, gifts by kind and reference, money off.
SELECT width_bucket(
           (('x' || encode(substring(sha256(convert_to($6::text, 'UTF8') || '\x00'::bytea || uuid_send(d.member_id))
                           FOR 4), 'hex'))::bit(32)::bigint * 1000 >> 32)::int, $5::int[]) AS arm,
       e.key AS what, sum(e.value::bigint)::bigint AS much
FROM earning.member_day d, jsonb_each_text(d.parts) AS e(key, value)
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.day BETWEEN $3 AND $4
  AND (e.key LIKE 'wallet:%' OR e.key LIKE 'gift:%' OR e.key = 'discounts')
GROUP BY 1, 2;
