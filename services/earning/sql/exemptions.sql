-- How heads are brought to what another version of a programme spares at boundaries.

-- name: passes
SELECT p.tenant_id, p.programme_id, p.rules, p.programme_version, p.after_member, p.done FROM members.exemption_pass p;

-- name: begin
INSERT INTO members.exemption_pass AS p (tenant_id, programme_id, rules, programme_version, after_member, done)
VALUES ($1, $2, $3, $4, NULL, false)
ON CONFLICT (tenant_id, programme_id) DO UPDATE
    SET rules = excluded.rules, programme_version = excluded.programme_version, after_member = NULL, done = false;

-- name: go_on
-- Another version says the same as the one before.
UPDATE members.exemption_pass p SET programme_version = $3 WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: move
UPDATE members.exemption_pass p SET after_member = $4, done = $5
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.rules = $3;

-- name: page
-- The next heads of a programme behind one, locked as every writer locks them.
SELECT h.member_id, h.seq, h.spread, h.tier
FROM ledger.member h
WHERE h.tenant_id = $1 AND h.programme_id = $2 AND ($3::uuid IS NULL OR h.member_id > $3)
ORDER BY h.member_id
LIMIT $4
FOR NO KEY UPDATE;

-- name: segments
SELECT s.member_id, s.segment
FROM members.segment_member s
WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = ANY ($3::uuid[]) AND s.segment = ANY ($4::text[]);

-- name: exemptions
-- Members whom a person spares, now or later.
SELECT e.member_id, e.reason, e.since, e.until
FROM members.exemption e
WHERE e.tenant_id = $1 AND e.programme_id = $2 AND e.member_id = ANY ($3::uuid[]) AND e.ended_at IS NULL AND e.until > $4
ORDER BY e.member_id, e.number;
