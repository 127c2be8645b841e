-- What happened to the members of a programme, as it was told, and what simulated scenarios ask of them.

-- name: outbox
-- Rows of the outbox with these topics ($3), recorded between two instants; packed events of all tenants.
SELECT o.topic, o.events
FROM stream.outbox o
WHERE o.recorded_at >= $1 AND o.recorded_at < $2 AND o.topic = ANY ($3::text[])
ORDER BY o.recorded_at, o.shard, o.seq;

-- name: away
-- The days on which members had bought nothing for $5 days, from $3 to $4: by their days where those are kept.
SELECT d.member_id, d.day + $5::int AS day
FROM (
    SELECT m.member_id, m.day, lead(m.day) OVER (PARTITION BY m.member_id ORDER BY m.day) AS next
    FROM earning.member_day m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.visits > 0
) AS d
WHERE d.day + $5::int BETWEEN $3 AND $4 AND (d.next IS NULL OR d.next - d.day > $5::int);

-- name: keeps_days
SELECT EXISTS (SELECT FROM earning.member_day m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.visits > 0);

-- name: away_by_points
-- The same by the days on which points were earned, where no days are kept.
SELECT d.member_id, d.day + $5::int AS day
FROM (
    SELECT l.member_id, l.day, lead(l.day) OVER (PARTITION BY l.member_id ORDER BY l.day) AS next
    FROM (
        SELECT DISTINCT l.member_id, (l.earned_at AT TIME ZONE $6)::date AS day
        FROM ledger.lot l
        WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.opened_by = 'credit'
    ) AS l
) AS d
WHERE d.day + $5::int BETWEEN $3 AND $4 AND (d.next IS NULL OR d.next - d.day > $5::int);

-- name: born
-- Members with one of these birthdays ($3) who had enrolled before an instant.
SELECT p.member_id
FROM vault.profile p
JOIN members.member m USING (tenant_id, programme_id, member_id)
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.present AND p.birthday = ANY ($3::smallint[]) AND m.enrolled_at < $4;

-- name: enrolled
-- Members who enrolled on one of these days ($3) of a zone.
SELECT m.member_id, (m.enrolled_at AT TIME ZONE $4)::date AS day
FROM members.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND (m.enrolled_at AT TIME ZONE $4)::date = ANY ($3::date[]);

-- name: standing
-- The present tiers of members, and who was merged into another.
SELECT m.member_id, m.tier, m.merged
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]);

-- name: reach
-- Where members can be reached now, and what they said last about being written to.
SELECT v.member_id,
       (SELECT array_agg(DISTINCT c.channel) FROM vault.contact c
        WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = v.member_id AND c.alive) AS channels,
       (SELECT array_agg(s.purpose || '/' || s.channel) FROM vault.consent s
        WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = v.member_id AND s.present AND s.given) AS agreed,
       (SELECT array_agg(s.purpose || '/' || s.channel) FROM vault.consent s
        WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = v.member_id AND s.present AND NOT s.given) AS refused
FROM unnest($3::uuid[]) AS v(member_id);
