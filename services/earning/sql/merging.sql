-- name: lock_identifiers
-- The identifiers of members, locked before the members are.
SELECT i.tenant_id, i.programme_id, i.member_id, i.identifier
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.identifier i USING (tenant_id, programme_id, member_id)
ORDER BY i.tenant_id, i.programme_id, i.identifier
FOR NO KEY UPDATE OF i;

-- name: leading
-- Where the ids of members who were merged lead to.
SELECT g.tenant_id, g.programme_id, g.member_id, g.leads_to
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.merge g USING (tenant_id, programme_id, member_id)
WHERE g.undone_at IS NULL;

-- name: merges
-- Every merge of these members, and of those whom they were merged into, in the order in which they were made.
WITH RECURSIVE chain AS (
    SELECT v.tenant_id, v.programme_id, v.member_id
    FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
    UNION
    SELECT g.tenant_id, g.programme_id, g.survivor_id
    FROM chain c JOIN members.merge g USING (tenant_id, programme_id, member_id)
)
SELECT g.tenant_id, g.programme_id, g.member_id, g.number, g.survivor_id, g.passed::text AS passed, g.debts::text AS debts,
       g.identifiers, g.counters::text AS counters, g.merged_at, g.returned::text AS returned, g.undone_at
FROM chain c JOIN members.merge g USING (tenant_id, programme_id, member_id)
ORDER BY g.merged_at, g.member_id, g.number;

-- name: heads
-- Members who were merged, locked; nobody else comes to them while they are.
SELECT m.tenant_id, m.programme_id, m.member_id, m.seq, m.spread, m.tier, m.activates_at, m.lapses_at, m.owing
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.member m USING (tenant_id, programme_id, member_id)
WHERE m.merged
ORDER BY m.tenant_id, m.programme_id, m.member_id
FOR NO KEY UPDATE OF m;

-- name: save
SELECT earning.save_merges($1, $2::jsonb, $3::jsonb);

-- name: add
-- What came to a merged member later, and went over too.
UPDATE members.merge g SET passed = g.passed || $5::jsonb
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.member_id = $3 AND g.number = $4;
