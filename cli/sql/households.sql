-- Invariants of households, in the form of those in verify.sql.

-- name: households_share
-- What a redemption has of another member's lot is what its portions say; whose lot it is and who spent it belonged to the
-- household then, themselves or as somebody who was merged into them. Nobody belongs to a household that is dissolved.
WITH said AS (
    SELECT r.tenant_id, r.programme_id, (s.share ->> 5)::uuid AS member_id, (s.share ->> 2)::bigint AS lot_seq, r.redemption_id,
           ((s.share ->> 3)::bigint - (s.share ->> 4)::bigint) * (r.state IN ('held', 'redeemed'))::int AS points
    FROM redemption.redemption r CROSS JOIN LATERAL jsonb_array_elements(r.shares) AS s(share)
    WHERE jsonb_array_length(s.share) = 6
), mate AS (
    SELECT m.tenant_id, m.programme_id, m.household_id, m.member_id, m.answered_at, m.ended_at
    FROM redemption.housemate m WHERE m.answered_at IS NOT NULL
    UNION ALL
    SELECT m.tenant_id, m.programme_id, m.household_id, g.leads_to, m.answered_at, m.ended_at
    FROM redemption.housemate m JOIN members.merge g USING (tenant_id, programme_id, member_id) WHERE m.answered_at IS NOT NULL
), flaw AS (
    SELECT tenant_id, redemption_id AS id
    FROM redemption.household_part p FULL JOIN said s USING (tenant_id, programme_id, member_id, lot_seq, redemption_id)
    WHERE coalesce(p.points, 0) <> coalesce(s.points, 0)
    UNION
    SELECT p.tenant_id, p.redemption_id
    FROM redemption.household_part p CROSS JOIN LATERAL unnest(ARRAY[p.member_id, p.spender_id]) AS w(member_id)
    WHERE NOT EXISTS (SELECT 1 FROM mate m
                      WHERE m.tenant_id = p.tenant_id AND m.programme_id = p.programme_id AND m.household_id = p.household_id
                        AND m.member_id = w.member_id AND m.answered_at <= p.taken_at
                        AND (m.ended_at IS NULL OR m.ended_at >= p.taken_at))
    UNION
    SELECT h.tenant_id, h.household_id
    FROM redemption.household h JOIN redemption.housemate m USING (tenant_id, household_id)
    WHERE h.dissolved_at IS NOT NULL AND m.state IN ('invited', 'joined')
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, id) AS key FROM flaw ORDER BY key LIMIT 5;
