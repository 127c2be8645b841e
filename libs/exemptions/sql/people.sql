-- Members whom a person spares: the list of it, one after the other for each member.

-- name: head
SELECT h.member_id FROM ledger.member h
WHERE h.tenant_id = $1 AND h.programme_id = $2 AND h.member_id = $3
FOR NO KEY UPDATE;

-- name: document
-- The version in force.
SELECT v.active_from, v.document
FROM platform.programme_version v
WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.active_from <= $3
ORDER BY v.active_from DESC, v.version DESC
LIMIT 1;

-- name: list
SELECT e.number, e.reason, e.since, e.until, e.given_by, e.ended_at, e.ended_by
FROM members.exemption e
WHERE e.tenant_id = $1 AND e.programme_id = $2 AND e.member_id = $3
ORDER BY e.number DESC;

-- name: give
INSERT INTO members.exemption (tenant_id, programme_id, member_id, number, reason, since, until, given_by)
SELECT $1, $2, $3, coalesce(max(e.number), 0) + 1, $4, $5, $6, $7
FROM members.exemption e
WHERE e.tenant_id = $1 AND e.programme_id = $2 AND e.member_id = $3;

-- name: end
UPDATE members.exemption e SET ended_at = $4, ended_by = $5
WHERE e.tenant_id = $1 AND e.programme_id = $2 AND e.member_id = $3 AND e.ended_at IS NULL AND e.until > $4;
