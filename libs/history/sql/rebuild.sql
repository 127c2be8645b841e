-- The days of members made again from what stands of receipts and from decisions on activities. What is counted is put
-- into `history_counted`, a row for each receipt or activity, and added up into `history_days`.

-- name: settings
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true), set_config('lock_timeout', '30s', true);

-- name: versions
SELECT v.tenant_id, v.programme_id, v.version, v.document::text AS document
FROM platform.programme_version v
ORDER BY v.tenant_id, v.programme_id, v.active_from, v.version;

-- name: sources
SELECT s.source_prefix, s.tenant_id, s.programme_id FROM platform.source s
UNION ALL
SELECT format('/pointstream/%s/%s', t.slug, p.slug), p.tenant_id, p.programme_id
FROM platform.programme p JOIN platform.tenant t USING (tenant_id);

-- name: make_counted
CREATE TEMPORARY TABLE history_counted (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    day date NOT NULL,
    visits int NOT NULL,
    spend_minor bigint NOT NULL,
    points bigint NOT NULL,
    parts jsonb
);

-- name: make_days
CREATE TEMPORARY TABLE history_days (LIKE history_counted);

-- name: drop_counted
DROP TABLE history_counted;

-- name: drop_days
DROP TABLE history_days;

-- name: lock
-- Whoever counts waits until the transaction ends; whoever has counted and not committed is waited for.
LOCK TABLE earning.member_day IN SHARE ROW EXCLUSIVE MODE;

-- name: stories
SELECT r.tenant_id, r.programme_id, r.story
FROM earning.receipt r
WHERE r.story IS NOT NULL AND r.tenant_id = ANY ($1::int[]);

-- name: pages
-- Every page, and which of its decisions are on the plain purchases of receipts that have no story.
SELECT d.tenant_id, d.body, p.programmes, p.events
FROM earning.decision_page d
LEFT JOIN (
    SELECT r.tenant_id, r.page, array_agg(r.programme_id) AS programmes, array_agg(r.event_key) AS events
    FROM earning.receipt r
    WHERE r.story IS NULL AND r.event_key IS NOT NULL AND r.page IS NOT NULL AND r.tenant_id = ANY ($1::int[])
    GROUP BY r.tenant_id, r.page
) AS p ON p.tenant_id = d.tenant_id AND p.page = d.page
WHERE d.tenant_id = ANY ($1::int[]);

-- name: redemptions
-- Every redemption of these programmes that stands counts on its day; a trade is none that counts.
INSERT INTO history_counted (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
SELECT r.tenant_id, r.programme_id, r.member_id, r.counted_on, 0, 0, 0, jsonb_build_object($3::text, 1)
FROM unnest($1::int[], $2::int[]) AS v(tenant_id, programme_id)
JOIN redemption.redemption r USING (tenant_id, programme_id)
WHERE r.state = 'redeemed' AND r.counted_on IS NOT NULL;

-- name: add_up
INSERT INTO history_days (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
SELECT c.tenant_id, c.programme_id, c.member_id, c.day, c.visits, c.spend_minor, c.points, p.parts
FROM (
    SELECT o.tenant_id, o.programme_id, o.member_id, o.day, sum(o.visits)::int AS visits,
           sum(o.spend_minor)::bigint AS spend_minor, sum(o.points)::bigint AS points
    FROM history_counted o
    GROUP BY o.tenant_id, o.programme_id, o.member_id, o.day
) AS c
LEFT JOIN (
    SELECT s.tenant_id, s.programme_id, s.member_id, s.day, jsonb_object_agg(s.name, s.amount) AS parts
    FROM (
        SELECT o.tenant_id, o.programme_id, o.member_id, o.day, e.key AS name, sum(e.value::bigint)::bigint AS amount
        FROM history_counted o CROSS JOIN LATERAL jsonb_each_text(o.parts) AS e(key, value)
        GROUP BY o.tenant_id, o.programme_id, o.member_id, o.day, e.key
        HAVING sum(e.value::bigint) <> 0
    ) AS s
    GROUP BY s.tenant_id, s.programme_id, s.member_id, s.day
) AS p USING (tenant_id, programme_id, member_id, day)
WHERE c.visits <> 0 OR c.spend_minor <> 0 OR c.points <> 0 OR p.parts IS NOT NULL;

-- name: differing
-- Where what is stored is not what was counted: five places, and how many there are.
SELECT count(*) OVER () AS violations, concat_ws('/', f.tenant_id, f.programme_id, f.member_id, f.day) AS key
FROM (
    SELECT tenant_id, programme_id, member_id, day
    FROM history_days w FULL JOIN earning.member_day d USING (tenant_id, programme_id, member_id, day)
    WHERE (w.visits, w.spend_minor, w.points, w.parts) IS DISTINCT FROM (d.visits, d.spend_minor, d.points, d.parts)
) AS f
ORDER BY key LIMIT 5;

-- name: take_away
-- Days that are stored, and not as they were counted.
DELETE FROM earning.member_day d
WHERE NOT EXISTS (
    SELECT FROM history_days c
    WHERE c.tenant_id = d.tenant_id AND c.programme_id = d.programme_id AND c.member_id = d.member_id AND c.day = d.day
      AND (c.visits, c.spend_minor, c.points, c.parts) IS NOT DISTINCT FROM (d.visits, d.spend_minor, d.points, d.parts)
);

-- name: put
-- Days that were counted, and are not stored as they were.
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
SELECT c.tenant_id, c.programme_id, c.member_id, c.day, c.visits, c.spend_minor, c.points, c.parts
FROM history_days c
ON CONFLICT (tenant_id, programme_id, member_id, day) DO NOTHING;
