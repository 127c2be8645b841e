-- name: block
-- Block a member who is not blocked yet.
INSERT INTO members.block (tenant_id, programme_id, member_id, number, reason, blocked_at, blocked_by)
SELECT $1, $2, $3, coalesce(max(b.number), 0) + 1, $4, greatest($5, max(b.lifted_at)), $6
FROM members.block b WHERE b.tenant_id = $1 AND b.programme_id = $2 AND b.member_id = $3
HAVING coalesce(bool_and(b.lifted_at IS NOT NULL), true)
ON CONFLICT DO NOTHING
RETURNING member_id, number, reason, blocked_at, blocked_by, lifted_at, lifted_by, note;

-- name: lift
UPDATE members.block SET lifted_at = greatest($4, blocked_at), lifted_by = $5, note = $6
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND lifted_at IS NULL
RETURNING member_id, number, reason, blocked_at, blocked_by, lifted_at, lifted_by, note;

-- name: of_member
-- The blocks of a member, the last first.
SELECT member_id, number, reason, blocked_at, blocked_by, lifted_at, lifted_by, note
FROM members.block WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 ORDER BY number DESC;

-- name: standing
-- The members of a programme who are blocked, the last first.
SELECT member_id, number, reason, blocked_at, blocked_by, lifted_at, lifted_by, note
FROM members.block WHERE tenant_id = $1 AND programme_id = $2 AND lifted_at IS NULL
ORDER BY blocked_at DESC, member_id LIMIT $3;
