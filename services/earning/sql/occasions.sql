-- name: told
SELECT t.at, t.place, t.open, t.enrolled_at, t.member_id
FROM earning.occasion_clock t
WHERE t.tenant_id = $1 AND t.programme_id = $2;

-- name: tell
-- Never backwards: another worker may have told more meanwhile.
INSERT INTO earning.occasion_clock AS t (tenant_id, programme_id, at, place, open, enrolled_at, member_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, programme_id) DO UPDATE
SET at = excluded.at, place = excluded.place, open = excluded.open, enrolled_at = excluded.enrolled_at,
    member_id = excluded.member_id
WHERE (t.at, t.place) < (excluded.at, excluded.place)
   OR ((t.at, t.place) = (excluded.at, excluded.place) AND t.open);

-- name: first_enrolment
SELECT min(m.enrolled_at) FROM members.member m WHERE m.tenant_id = $1 AND m.programme_id = $2;

-- name: birthday
-- Members with one of these birthdays ($4) who had enrolled by an instant, behind a member, in the order of their ids.
SELECT p.member_id, m.enrolled_at
FROM vault.profile p
JOIN members.member m
  ON m.tenant_id = p.tenant_id AND m.programme_id = p.programme_id AND m.member_id = p.member_id
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.present AND p.birthday = ANY ($4::smallint[])
  AND p.member_id > $5::uuid AND m.enrolled_at <= $3
ORDER BY p.member_id
LIMIT $6;

-- name: anniversary
-- Members who enrolled between two instants, behind a place, in the order of their enrolment.
SELECT m.member_id, m.enrolled_at
FROM members.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.enrolled_at >= $3 AND m.enrolled_at < $4
  AND (m.enrolled_at, m.member_id) > ($5::timestamptz, $6::uuid)
ORDER BY m.enrolled_at, m.member_id
LIMIT $7;

-- name: schedule
-- All members who had enrolled by an instant, behind a member, in the order of their ids.
SELECT m.member_id, m.enrolled_at
FROM members.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $4::uuid AND m.enrolled_at <= $3
ORDER BY m.member_id
LIMIT $5;
