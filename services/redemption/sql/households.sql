-- name: lock_together
SELECT * FROM redemption.lock_together($1, $2, $3, $4, $5);

-- name: add_parts
INSERT INTO redemption.household_part (tenant_id, programme_id, member_id, lot_seq, redemption_id, household_id, spender_id,
                                       taken_on, taken_at, points)
SELECT v.* FROM unnest($1::int[], $2::int[], $3::uuid[], $4::bigint[], $5::uuid[], $6::uuid[], $7::uuid[], $8::date[],
                       $9::timestamptz[], $10::bigint[]) AS v
ON CONFLICT (tenant_id, programme_id, member_id, lot_seq, redemption_id) DO UPDATE SET points = excluded.points;

-- name: set_parts
-- What a redemption has of others' lots now: nothing of those that are not named any more.
UPDATE redemption.household_part p SET points = o.points
FROM (SELECT h.programme_id, h.member_id, h.lot_seq, coalesce(v.points, 0) AS points
      FROM redemption.household_part h
      LEFT JOIN unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS v(member_id, lot_seq, points) USING (member_id, lot_seq)
      WHERE h.tenant_id = $1 AND h.redemption_id = $2) AS o
WHERE p.tenant_id = $1 AND p.programme_id = o.programme_id AND p.member_id = o.member_id AND p.lot_seq = o.lot_seq
  AND p.redemption_id = $2 AND p.points <> o.points;

-- name: lock_roster
SELECT 1 FROM redemption.household h WHERE h.tenant_id = $1 AND h.household_id = $2 FOR UPDATE;

-- name: save_household
INSERT INTO redemption.household AS h (tenant_id, household_id, programme_id, founded_at, dissolved_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, household_id) DO UPDATE SET dissolved_at = excluded.dissolved_at;

-- name: save_seat
INSERT INTO redemption.housemate AS m (tenant_id, programme_id, member_id, household_id, invited_at, role, state, invited_by,
                                       answered_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, programme_id, member_id, household_id, invited_at)
DO UPDATE SET role = excluded.role, state = excluded.state, answered_at = excluded.answered_at, ended_at = excluded.ended_at;
