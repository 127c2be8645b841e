-- name: begin_batch
SELECT * FROM earning.begin_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                                  $20);

-- name: open_batch
SELECT * FROM earning.open_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: counters
SELECT coalesce(c.used, 0) AS used
FROM unnest($1::int[], $2::int[], $3::text[]) WITH ORDINALITY AS k(tenant_id, programme_id, counter_key, ord)
LEFT JOIN earning.counter c USING (tenant_id, programme_id, counter_key)
ORDER BY k.ord;

-- name: lock_counters
WITH asked AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::text[]) WITH ORDINALITY AS k(tenant_id, programme_id, counter_key, ord)
), locked AS (
    INSERT INTO earning.counter AS c (tenant_id, programme_id, counter_key, used)
    SELECT a.tenant_id, a.programme_id, a.counter_key, 0 FROM asked a
    ORDER BY a.tenant_id, a.programme_id, a.counter_key
    ON CONFLICT (tenant_id, programme_id, counter_key) DO UPDATE SET used = c.used
    RETURNING c.tenant_id, c.programme_id, c.counter_key, c.used
)
SELECT l.used FROM asked a JOIN locked l USING (tenant_id, programme_id, counter_key) ORDER BY a.ord;

-- name: save_batch
SELECT earning.save_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                          $22, $23);

-- name: save_receipts
SELECT earning.save_receipts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15::jsonb, $16, $17, $18);

-- name: end_batch
SELECT earning.end_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: identifier_owners
SELECT i.tenant_id, i.programme_id, i.identifier, i.member_id
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, identifier)
JOIN members.identifier i USING (tenant_id, programme_id, identifier)
WHERE i.member_id IS NOT NULL;

-- name: tie_identifiers
SELECT earning.tie_identifiers($1, $2, $3, $4, $5, $6);

-- name: enrolled
-- Whom of these the programmes know already.
SELECT m.tenant_id, m.programme_id, m.member_id
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.member m USING (tenant_id, programme_id, member_id);

-- name: enrol_members
SELECT earning.enrol_members($1, $2, $3, $4, $5, $6, $7);

-- name: decision_pages
SELECT d.tenant_id, d.page, d.body
FROM unnest($1::int[], $2::bigint[]) AS v(tenant_id, page)
JOIN earning.decision_page d USING (tenant_id, page);

-- name: lapsed
-- How much of these lots has lapsed and did not come back.
SELECT v.tenant_id, v.programme_id, v.member_id, v.lot_seq,
       sum(CASE m.kind WHEN 'expire' THEN a.amount ELSE -a.amount END)::bigint AS amount
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::bigint[]) AS v(tenant_id, programme_id, member_id, lot_seq)
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, lot_seq)
JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
WHERE m.kind = 'expire' OR (m.kind = 'restore' AND m.from_account = 'expired')
GROUP BY 1, 2, 3, 4;
