-- Messages to many members: found, counted, and laid down as deliveries portion by portion.

-- name: begin
-- Those whose hour has come by $1.
UPDATE notifier.mass m SET state = 'sending' WHERE m.state = 'scheduled' AND m.starts_at <= $1;

-- name: pace
-- Those that begin, or go on: their pace is reckoned from $1 on.
UPDATE notifier.mass m SET begins_at = coalesce(m.begins_at, $1), paced_at = $1, paced_laid = m.laid
WHERE m.state = 'sending' AND m.paced_at IS NULL
RETURNING m.tenant_id, m.programme_id, m.mass_id, m.wanted::text AS wanted;

-- name: release
-- What was held while it was paused is due at once ($4).
UPDATE notifier.delivery d SET due_at = $4
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion = ANY ($3::text[]) AND d.occasion LIKE 'mass/%'
  AND d.state = 'postponed' AND d.reason = 'paused';

-- name: under_way
SELECT m.tenant_id, m.programme_id, m.mass_id, m.state, m.wanted::text AS wanted, m.starts_at, m.counted, m.count_after,
       m.approval_above, m.decided_by, m.begins_at, m.laid, m.lay_after, m.laid_at, m.paced_at, m.paced_laid,
       EXISTS (SELECT FROM notifier.mass_member n
               WHERE n.tenant_id = m.tenant_id AND n.programme_id = m.programme_id AND n.mass_id = m.mass_id) AS named,
       m.made_by
FROM notifier.mass m
WHERE m.state = 'counting' OR (m.state = 'sending' AND m.begins_at IS NOT NULL)
ORDER BY m.made_at, m.mass_id;

-- name: masses
-- How mass messages stand, by id.
SELECT m.tenant_id, m.programme_id, m.mass_id, m.state, m.wanted::text AS wanted
FROM notifier.mass m WHERE m.mass_id = ANY ($1::uuid[]);

-- name: of_segments
-- Members of any of some segments ($4) behind one ($3), in the order of their ids.
SELECT DISTINCT x.member_id
FROM unnest($4::text[]) AS v(segment)
CROSS JOIN LATERAL (
    SELECT s.member_id FROM members.segment_member s
    WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.segment = v.segment AND s.member_id > $3
    ORDER BY s.member_id
    LIMIT $5
) AS x
ORDER BY x.member_id
LIMIT $5;

-- name: of_everyone
SELECT m.member_id FROM members.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $3
ORDER BY m.member_id
LIMIT $4;

-- name: of_named
SELECT n.member_id FROM notifier.mass_member n
WHERE n.tenant_id = $1 AND n.programme_id = $2 AND n.member_id > $3 AND n.mass_id = $4
ORDER BY n.member_id
LIMIT $5;

-- name: counted
-- A portion of the count, behind $4: nothing where another worker was faster, or it is not counted any more.
UPDATE notifier.mass m
SET counted = m.counted + $5, count_after = $6, state = CASE WHEN $7 THEN 'counted' ELSE m.state END,
    members = CASE WHEN $7 THEN m.counted + $5 END, counted_at = CASE WHEN $7 THEN $8::timestamptz END
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3 AND m.state = 'counting' AND m.count_after = $4
RETURNING m.mass_id;

-- name: add_counts
INSERT INTO notifier.mass_count AS c (tenant_id, programme_id, mass_id, variant, verdict, channel, reason, members)
SELECT $1, $2, $3, v.variant, v.verdict, v.channel, v.reason, v.members
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::int[]) AS v(variant, verdict, channel, reason, members)
ON CONFLICT (tenant_id, programme_id, mass_id, variant, verdict, channel, reason)
DO UPDATE SET members = c.members + EXCLUDED.members;

-- name: laid
-- A portion of deliveries, behind $4: nothing where another worker was faster, or it is not being sent any more.
UPDATE notifier.mass m
SET laid = m.laid + $5, lay_after = $6, laid_at = CASE WHEN $7 THEN $8::timestamptz END
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3 AND m.state = 'sending' AND m.lay_after = $4
  AND m.laid_at IS NULL
RETURNING m.mass_id;

-- name: outgrown
-- There are more members than one person may write to.
UPDATE notifier.mass m SET state = 'awaiting_approval', paced_at = NULL
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3 AND m.state = 'sending' AND m.decided_by IS NULL;

-- name: in_hand
-- How many deliveries of some occasions lie before the lanes, up to $4.
SELECT count(*)::int FROM (
    SELECT FROM notifier.delivery d
    WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion = ANY ($3::text[]) AND d.occasion LIKE 'mass/%'
      AND d.state IN ('waiting', 'sending')
    LIMIT $4
) AS x;

-- name: finish
-- It is over when all was laid down and nothing of its occasions ($4) is under way any more.
UPDATE notifier.mass m SET state = 'finished', ended_at = $5
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.mass_id = $3 AND m.state = 'sending' AND m.laid_at IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM notifier.delivery d
      WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion = ANY ($4::text[]) AND d.occasion LIKE 'mass/%'
        AND d.state IN ('waiting', 'postponed', 'sending'))
RETURNING m.mass_id;
