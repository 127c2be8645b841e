-- Who is in which segment and on which list, as people ask for it, and lists as they are kept.

-- name: version
-- The version of a programme that is in force at an instant.
SELECT v.version, v.document::text AS document
FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.active_from <= $3
ORDER BY v.active_from DESC, v.version DESC
LIMIT 1;

-- name: counts
SELECT s.segment, count(*) AS members
FROM members.segment_member s
WHERE s.tenant_id = $1 AND s.programme_id = $2
GROUP BY s.segment;

-- name: listed_counts
SELECT x.list, count(*) AS members
FROM members.list_member x
WHERE x.tenant_id = $1 AND x.programme_id = $2
GROUP BY x.list;

-- name: waiting
-- How many members of a programme must be looked at by now.
SELECT count(*) FROM members.segment_look l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.due_at <= $3;

-- name: members_of
SELECT s.member_id, s.entered_at, s.programme_version
FROM members.segment_member s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.segment = $3 AND ($4::uuid IS NULL OR s.member_id > $4)
ORDER BY s.member_id
LIMIT $5;

-- name: segments_of
SELECT s.segment, s.entered_at
FROM members.segment_member s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = $3;

-- name: find
-- The member behind each entry: an id of somebody who is enrolled, or an identifier; NULL where there is none.
SELECT CASE WHEN v.member_id IS NULL THEN i.member_id ELSE m.member_id END AS member_id
FROM unnest($3::uuid[], $4::text[]) WITH ORDINALITY AS v(member_id, identifier, place)
LEFT JOIN members.member m ON m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = v.member_id
LEFT JOIN members.identifier i ON i.tenant_id = $1 AND i.programme_id = $2 AND i.identifier = v.identifier
ORDER BY v.place;

-- name: put
-- Puts members on a list and returns those who were not there.
INSERT INTO members.list_member AS x (tenant_id, programme_id, list, member_id, added_at)
SELECT $2, $3, $4, v.member_id, $1 FROM unnest($5::uuid[]) AS v(member_id) ORDER BY v.member_id
ON CONFLICT (tenant_id, programme_id, list, member_id) DO NOTHING
RETURNING x.member_id;

-- name: take_off
-- Takes members off a list and returns those who were there.
DELETE FROM members.list_member x
WHERE x.tenant_id = $1 AND x.programme_id = $2 AND x.list = $3 AND x.member_id = ANY ($4::uuid[])
RETURNING x.member_id;

-- name: forget_pass
-- Asks for everybody of a programme to be looked at again.
UPDATE members.segment_pass p SET rules = '' WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: forget_passes
UPDATE members.segment_pass p SET rules = '';
