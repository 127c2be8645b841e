-- Who is looked at, what is known of them, and what became of it.

-- name: due_urgent
-- Members of some programmes who must be looked at by now because something happened; others that are being looked at are
-- passed over.
SELECT l.tenant_id, l.programme_id, l.member_id, l.reason
FROM members.segment_look l
JOIN unnest($2::int[], $3::int[]) AS p(tenant_id, programme_id) USING (tenant_id, programme_id)
WHERE l.urgent AND l.due_at <= $1
ORDER BY l.due_at
LIMIT $4
FOR NO KEY UPDATE OF l SKIP LOCKED;

-- name: due_by_time
-- The same for whom time, or another version of the programme, may have moved.
SELECT l.tenant_id, l.programme_id, l.member_id, l.reason
FROM members.segment_look l
JOIN unnest($2::int[], $3::int[]) AS p(tenant_id, programme_id) USING (tenant_id, programme_id)
WHERE NOT l.urgent AND l.due_at <= $1
ORDER BY l.due_at
LIMIT $4
FOR NO KEY UPDATE OF l SKIP LOCKED;

-- name: members
-- Members with where they stand, and the segments and lists that they are in. A statement of its own, behind the locks.
SELECT m.tenant_id, m.programme_id, m.member_id, m.enrolled_at, h.tier, h.keeps IS NOT NULL AS kept,
       (SELECT array_agg(s.segment) FROM members.segment_member s
        WHERE s.tenant_id = m.tenant_id AND s.programme_id = m.programme_id AND s.member_id = m.member_id) AS segments,
       (SELECT array_agg(x.list) FROM members.list_member x
        WHERE x.tenant_id = m.tenant_id AND x.programme_id = m.programme_id AND x.member_id = m.member_id) AS lists,
       (SELECT jsonb_object_agg(t.tier_set, t.level)::text FROM members.tier_standing t
        WHERE t.tenant_id = m.tenant_id AND t.programme_id = m.programme_id AND t.member_id = m.member_id) AS levels,
       p.birthday, p.attributes::text AS attributes
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.member m USING (tenant_id, programme_id, member_id)
JOIN ledger.member h USING (tenant_id, programme_id, member_id)
LEFT JOIN vault.profile p
       ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present;

-- name: points
-- What members may spend, now or later, by wallet and dates.
SELECT v.tenant_id, v.programme_id, v.member_id, l.wallet, l.points, l.active_from, l.expires_at
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
CROSS JOIN LATERAL (
    SELECT o.wallet, sum(o.remaining - o.held)::bigint AS points, o.active_from, o.expires_at
    FROM ledger.lot_now o
    WHERE o.tenant_id = v.tenant_id AND o.programme_id = v.programme_id AND o.member_id = v.member_id
      AND o.remaining > o.held
    GROUP BY o.wallet, o.active_from, o.expires_at
    OFFSET 0 -- member by member: for a few the planner would read the whole table
) AS l;

-- name: owing
SELECT d.tenant_id, d.programme_id, d.member_id, d.wallet
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.debt d USING (tenant_id, programme_id, member_id)
WHERE d.amount > 0;

-- name: enter
INSERT INTO members.segment_member (tenant_id, programme_id, member_id, segment, entered_at, programme_version)
SELECT v.tenant_id, v.programme_id, v.member_id, v.segment, $1, v.version
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::text[], $6::int[])
    AS v(tenant_id, programme_id, member_id, segment, version)
ON CONFLICT (tenant_id, programme_id, member_id, segment) DO NOTHING;

-- name: leave
DELETE FROM members.segment_member s
USING unnest($1::int[], $2::int[], $3::uuid[], $4::text[]) AS v(tenant_id, programme_id, member_id, segment)
WHERE s.tenant_id = v.tenant_id AND s.programme_id = v.programme_id AND s.member_id = v.member_id
  AND s.segment = v.segment;

-- name: log
-- The entries and exits of a transaction, each member's of a segment once; the transaction holds the members' looks.
INSERT INTO members.segment_change
    (tenant_id, programme_id, member_id, segment, number, entered, reason, effective_at, programme_version)
SELECT v.tenant_id, v.programme_id, v.member_id, v.segment,
       coalesce((SELECT max(c.number) FROM members.segment_change c
                 WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
                   AND c.segment = v.segment), 0) + 1,
       v.entered, v.reason, $1, v.version
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::text[], $6::boolean[], $7::text[], $8::int[])
    AS v(tenant_id, programme_id, member_id, segment, entered, reason, version);

-- name: looked
-- When each must be looked at again.
UPDATE members.segment_look l SET due_at = v.due_at, urgent = false, reason = NULL
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[]) AS v(tenant_id, programme_id, member_id, due_at)
WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id;

-- name: forget
-- Members of programmes that have no segments any longer need not be looked at.
DELETE FROM members.segment_look l
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id;

-- name: mark_ids
-- Members of some programmes, named by their ids alone, must be looked at at once: somebody heard of them.
INSERT INTO members.segment_look AS l (tenant_id, programme_id, member_id, due_at, urgent, reason)
SELECT m.tenant_id, m.programme_id, m.member_id, $1, true, $2
FROM unnest($3::int[], $4::int[]) AS p(tenant_id, programme_id)
CROSS JOIN unnest($5::uuid[]) AS v(member_id)
JOIN ledger.member m
  ON m.tenant_id = p.tenant_id AND m.programme_id = p.programme_id AND m.member_id = v.member_id
ORDER BY m.tenant_id, m.programme_id, m.member_id
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
    SET due_at = least(l.due_at, excluded.due_at), urgent = true, reason = excluded.reason;

-- name: mark_members
-- The same for members of whom the programme is known.
INSERT INTO members.segment_look AS l (tenant_id, programme_id, member_id, due_at, urgent, reason)
SELECT v.tenant_id, v.programme_id, v.member_id, $1, true, $2
FROM unnest($3::int[], $4::int[], $5::uuid[]) AS v(tenant_id, programme_id, member_id)
ORDER BY v.tenant_id, v.programme_id, v.member_id
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
    SET due_at = least(l.due_at, excluded.due_at), urgent = true, reason = excluded.reason;

-- name: passes
SELECT p.tenant_id, p.programme_id, p.rules, p.programme_version, p.after_member, p.done FROM members.segment_pass p;

-- name: begin_pass
INSERT INTO members.segment_pass AS p (tenant_id, programme_id, rules, programme_version, after_member, done)
VALUES ($1, $2, $3, $4, NULL, false)
ON CONFLICT (tenant_id, programme_id) DO UPDATE
    SET rules = excluded.rules, programme_version = excluded.programme_version, after_member = NULL, done = false;

-- name: mark_range
-- The next members of a programme behind one, in the order of their ids; returns the last of them, NULL when there are none.
WITH page AS (
    SELECT m.member_id FROM members.member m
    WHERE m.tenant_id = $2 AND m.programme_id = $3 AND ($4::uuid IS NULL OR m.member_id > $4)
    ORDER BY m.member_id
    LIMIT $5
), marked AS (
    INSERT INTO members.segment_look AS l (tenant_id, programme_id, member_id, due_at, urgent, reason)
    SELECT $2, $3, p.member_id, $1, false, 'programme' FROM page p ORDER BY p.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
        SET due_at = least(l.due_at, excluded.due_at), reason = coalesce(l.reason, excluded.reason)
)
SELECT p.member_id FROM page p ORDER BY p.member_id DESC LIMIT 1;

-- name: move_pass
UPDATE members.segment_pass p SET after_member = $3, done = $4
WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: untold
-- Entries and exits that were not told of yet, in the order in which they happened.
SELECT c.tenant_id, c.programme_id, c.member_id, c.segment, c.number, c.entered, c.reason, c.effective_at,
       c.programme_version
FROM members.segment_change c
WHERE c.told_at IS NULL
ORDER BY c.effective_at, c.member_id, c.segment, c.number
LIMIT $1;

-- name: told
UPDATE members.segment_change c SET told_at = $1
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::text[], $6::int[])
    AS v(tenant_id, programme_id, member_id, segment, number)
WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
  AND c.segment = v.segment AND c.number = v.number;

-- name: waiting
-- How many members must be looked at by now, counting no further than $2, and since when the first urgent one waits.
SELECT (SELECT count(*) FROM (SELECT FROM members.segment_look l WHERE l.urgent AND l.due_at <= $1 LIMIT $2) AS u)
     + (SELECT count(*) FROM (SELECT FROM members.segment_look l WHERE NOT l.urgent AND l.due_at <= $1 LIMIT $2) AS w)
       AS members,
       (SELECT min(l.due_at) FROM members.segment_look l WHERE l.urgent) AS urgent_since;
