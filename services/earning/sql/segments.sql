-- name: open_batch
-- The second step of a batch, for one of which some programmes ask for segments: with it, those that the members were in
-- when it began, and what is known of them for those that ask ($14, $15). Deciding who is in which is not held up by a batch, nor does it hold one up.
SELECT o.*, k.*, s.*
FROM earning.open_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS o
CROSS JOIN LATERAL earning.known_of(o.head_tenants, o.head_programmes, o.head_members, $14, $15) AS k
CROSS JOIN LATERAL (
    SELECT array_agg(m.tenant_id) AS segment_tenants, array_agg(m.programme_id) AS segment_programmes,
           array_agg(m.member_id) AS segment_members, array_agg(m.segment) AS segment_names
    FROM unnest(o.head_tenants, o.head_programmes, o.head_members) AS v(tenant_id, programme_id, member_id)
    JOIN members.segment_member m USING (tenant_id, programme_id, member_id)
) AS s;
