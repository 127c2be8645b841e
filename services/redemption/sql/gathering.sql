-- name: begin
SELECT * FROM redemption.begin_turn($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: begin_orders
-- The same where rewards are ordered too, with what is known of who orders ($10, $11), and of members merged into them, and of
-- the rewards that they name ($12, $13): read behind the locks, each by a statement of its own, which sees what others have committed before them.
SELECT b.*, f.facts, s.on_sale
FROM redemption.begin_turn($1, $2, $3, $4, $5, $6, $7, $8, $9) AS b
CROSS JOIN LATERAL (
    SELECT json_agg(t)::text AS facts
    FROM (
        SELECT v.programme_id, array_agg(v.member_id) AS members
        FROM unnest($10::int[], $11::uuid[]) AS v(programme_id, member_id)
        WHERE v.member_id = ANY (b.head_members) GROUP BY v.programme_id
    ) AS p
    CROSS JOIN LATERAL (
        SELECT array_agg(g.member_id) AS members, array_agg(g.leads_to) AS survivors FROM members.merge g
        WHERE g.tenant_id = $1 AND g.programme_id = p.programme_id AND g.leads_to = ANY (p.members) AND g.undone_at IS NULL
    ) AS m
    CROSS JOIN LATERAL (
        SELECT p.programme_id, m.survivors[array_position(m.members, r.member_id)] AS leads_to, r.*
        FROM redemption.facts_of($1, p.programme_id, p.members || m.members) AS r
    ) AS t
) AS f
CROSS JOIN LATERAL (
    SELECT json_agg(t)::text AS on_sale
    FROM (
        SELECT v.programme_id, array_agg(v.reference) AS names
        FROM unnest($12::int[], $13::text[]) AS v(programme_id, reference)
        WHERE b.head_members IS NOT NULL GROUP BY v.programme_id
    ) AS p
    CROSS JOIN LATERAL (SELECT p.programme_id, r.* FROM redemption.on_sale($1, p.programme_id, p.names) AS r) AS t
) AS s;

-- name: end
SELECT NULL AS refused,
       redemption.end_requests($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11,
                               $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) AS seqs;

-- name: end_orders
-- The same behind orders, which say first whether there is enough of what they take; where there is not, nothing more is done.
SELECT o.refused,
       CASE WHEN o.refused IS NULL THEN
           redemption.end_requests($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11,
                                   $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
       END AS seqs
FROM redemption.save_orders($24::jsonb, $25::jsonb, $26::jsonb, $27::jsonb) AS o(refused);
