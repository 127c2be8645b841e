-- name: housemates
-- Who belongs to the household of a member now, looked at without a lock.
SELECT o.household_id, m.member_id, m.role
FROM (SELECT redemption.household_of($1, $2, $3) AS household_id) AS o
CROSS JOIN LATERAL redemption.housemates($1, $2, o.household_id) AS m;

-- name: heads
SELECT m.member_id, m.seq, m.owing FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]) AND NOT m.merged;

-- name: roots
-- Lots that came to members by merges, or came back when one was undone, and those they came through: what each of them was
-- before all of that, and how much that one was credited with. Lots go from number to number, and never back to one.
WITH RECURSIVE merged AS (
    SELECT g.member_id, g.survivor_id, g.passed, g.returned FROM members.merge g
    WHERE g.tenant_id = $1 AND g.programme_id = $2
      AND g.member_id = ANY ($3::uuid[] || ARRAY(
          SELECT l.member_id FROM members.merge l
          WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.leads_to = ANY ($3::uuid[]) AND l.undone_at IS NULL
      ))
), way AS (
    SELECT m.member_id AS from_id, (p ->> 0)::bigint AS from_seq, m.survivor_id AS to_id, (p ->> 1)::bigint AS to_seq
    FROM merged m CROSS JOIN jsonb_array_elements(m.passed) AS p
    UNION ALL
    SELECT m.survivor_id, (p ->> 0)::bigint, m.member_id, (p ->> 1)::bigint
    FROM merged m CROSS JOIN jsonb_array_elements(m.returned) AS p
), went AS (
    SELECT w.to_id, w.to_seq, w.from_id, w.from_seq FROM way w
    UNION ALL
    SELECT w.to_id, w.to_seq, b.from_id, b.from_seq
    FROM went w JOIN way b ON b.to_id = w.from_id AND b.to_seq = w.from_seq
)
SELECT w.to_id AS member_id, w.to_seq AS lot_seq, w.from_id AS root_id, w.from_seq AS root_seq, l.amount
FROM went w
JOIN ledger.lot l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = w.from_id AND l.seq = w.from_seq
WHERE NOT EXISTS (SELECT 1 FROM way b WHERE b.to_id = w.from_id AND b.to_seq = w.from_seq);

-- name: taken_of_lots
-- What was taken of lots that have something left, by others than their owners; and of lots ($4, $5) that came, or went, by merges.
SELECT p.member_id, p.lot_seq, sum(p.points)::bigint AS points
FROM redemption.household_part p
JOIN ledger.lot l ON l.tenant_id = p.tenant_id AND l.programme_id = p.programme_id AND l.member_id = p.member_id
                 AND l.seq = p.lot_seq
WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.member_id = ANY ($3::uuid[] || $4::uuid[]) AND p.points > 0
  AND (l.remaining > 0 OR (p.member_id, p.lot_seq) IN (SELECT * FROM unnest($4::uuid[], $5::bigint[])))
GROUP BY p.member_id, p.lot_seq;

-- name: spent_since
-- How many points of others each has spent since a day, also as somebody who was merged into them.
SELECT v.spender_id, v.first_day, coalesce(sum(p.points), 0)::bigint AS points
FROM unnest($3::uuid[], $4::date[]) AS v(spender_id, first_day)
CROSS JOIN LATERAL (
    SELECT v.spender_id AS whose
    UNION
    SELECT g.member_id FROM members.merge g
    WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.leads_to = v.spender_id AND g.undone_at IS NULL
) AS w
LEFT JOIN redemption.household_part p ON p.tenant_id = $1 AND p.programme_id = $2 AND p.spender_id = w.whose
                                     AND p.taken_on >= v.first_day
GROUP BY v.spender_id, v.first_day;

-- name: roster
SELECT h.programme_id, h.founded_at, h.dissolved_at FROM redemption.household h WHERE h.tenant_id = $1 AND h.household_id = $2;

-- name: seats
-- The seats that are not over; who was merged is told as whom they lead to.
SELECT coalesce(g.leads_to, m.member_id) AS member_id, m.member_id AS named, m.role, m.state, m.invited_at, m.invited_by,
       m.answered_at, m.ended_at
FROM redemption.housemate m
LEFT JOIN members.merge g ON g.tenant_id = m.tenant_id AND g.programme_id = m.programme_id AND g.member_id = m.member_id
                         AND g.undone_at IS NULL
WHERE m.tenant_id = $1 AND m.household_id = $2 AND m.ended_at IS NULL
ORDER BY m.invited_at, m.member_id;

-- name: belongs
SELECT redemption.household_of($1, $2, $3);

-- name: invitations
-- The households that ask a member to join.
SELECT m.household_id, m.role, m.invited_by, m.invited_at FROM redemption.housemate m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3 AND m.state = 'invited'
ORDER BY m.invited_at, m.household_id;
