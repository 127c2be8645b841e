-- name: days
-- The days of members from a date of each programme ($4) on; what lies before it summed up into one, dated as the last
-- purchase among it. Member by member, so that each is found by the primary key. Behind them those of members who were merged
-- into this one (`other`); where nobody ever was, nothing is looked for.
SELECT v.tenant_id, v.programme_id, v.member_id, d.day, d.visits, d.spend_minor, d.points, d.parts, d.other
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::date[]) AS v(tenant_id, programme_id, member_id, since)
CROSS JOIN LATERAL (
    SELECT own.*, false AS other FROM (
        SELECT o.day, o.visits::bigint, o.spend_minor, o.points, o.parts::text
        FROM earning.member_day o
        WHERE o.tenant_id = v.tenant_id AND o.programme_id = v.programme_id AND o.member_id = v.member_id AND o.day >= v.since
        UNION ALL
        SELECT coalesce(max(o.day) FILTER (WHERE o.visits > 0), max(o.day)), sum(o.visits), sum(o.spend_minor)::bigint,
               sum(o.points)::bigint,
               (SELECT jsonb_object_agg(p.name, p.amount)::text
                FROM (SELECT e.key AS name, sum(e.value::bigint)::bigint AS amount
                      FROM earning.member_day b CROSS JOIN LATERAL jsonb_each_text(b.parts) AS e(key, value)
                      WHERE b.tenant_id = v.tenant_id AND b.programme_id = v.programme_id AND b.member_id = v.member_id
                        AND b.day < v.since
                      GROUP BY e.key) AS p)
        FROM earning.member_day o
        WHERE o.tenant_id = v.tenant_id AND o.programme_id = v.programme_id AND o.member_id = v.member_id AND o.day < v.since
        HAVING count(*) > 0
        ORDER BY 1
    ) AS own(day, visits, spend_minor, points, parts)
    UNION ALL
    SELECT o.day, o.visits::bigint, o.spend_minor, o.points, o.parts::text, true
    FROM members.merge g
    JOIN earning.member_day o
      ON o.tenant_id = g.tenant_id AND o.programme_id = g.programme_id AND o.member_id = g.member_id
    WHERE (SELECT EXISTS (SELECT FROM members.merge))
      AND g.tenant_id = v.tenant_id AND g.programme_id = v.programme_id AND g.leads_to = v.member_id AND g.undone_at IS NULL
) AS d;
