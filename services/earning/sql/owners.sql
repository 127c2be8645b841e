-- name: lock_owners
-- Without waiting: a row that somebody else holds is left out.
SELECT i.tenant_id, i.programme_id, i.identifier, i.member_id
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, identifier)
JOIN members.identifier i USING (tenant_id, programme_id, identifier)
FOR NO KEY UPDATE OF i SKIP LOCKED;

-- name: lock_late
-- How many of the members that there are somebody else holds; the others are locked.
WITH asked AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
), locked AS (
    SELECT m.member_id
    FROM asked
    JOIN ledger.member m USING (tenant_id, programme_id, member_id)
    FOR NO KEY UPDATE OF m SKIP LOCKED
)
SELECT (SELECT count(*) FROM asked JOIN ledger.member m USING (tenant_id, programme_id, member_id))
     - (SELECT count(*) FROM locked);

-- name: unclaimed
-- Receipts that wait for somebody with one of these identifiers.
SELECT DISTINCT u.tenant_id, u.programme_id, u.receipt_key
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, identifier)
JOIN earning.unclaimed_receipt u
  ON u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.identifiers @> ARRAY[v.identifier];
