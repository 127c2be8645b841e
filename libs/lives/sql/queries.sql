-- name: open_lots
-- Everything that members have left, each member's in order, with what spares them.
SELECT l.tenant_id, l.programme_id, l.member_id, l.seq, l.wallet, l.amount, l.remaining, l.held, l.earned_at, l.active_from,
       l.expires_at, l.recorded_at, l.policy_version, l.contributor, l.opened_by::text AS opened_by, l.pending, v.keeps
FROM (
    SELECT u.tenant_id, u.programme_id, u.member_id, (
        SELECT h.keeps::text FROM ledger.member h
        WHERE h.tenant_id = u.tenant_id AND h.programme_id = u.programme_id AND h.member_id = u.member_id
    ) AS keeps
    FROM unnest($1::int[], $2::int[], $3::uuid[]) AS u(tenant_id, programme_id, member_id)
    OFFSET 0 -- once a member
) AS v
CROSS JOIN LATERAL (
    SELECT * FROM ledger.lot_now o
    WHERE o.tenant_id = v.tenant_id AND o.programme_id = v.programme_id AND o.member_id = v.member_id AND o.remaining > 0
    ORDER BY o.seq
    OFFSET 0 -- member by member: for a few the planner would read the whole table
) AS l;

-- name: debts
SELECT d.tenant_id, d.programme_id, d.member_id, d.wallet, d.amount, d.since, d.lent, d.share, d.due_at
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.debt d USING (tenant_id, programme_id, member_id)
WHERE d.amount > 0 OR d.lent > 0
ORDER BY d.wallet;

-- name: save_waivers
INSERT INTO ledger.waiver (tenant_id, programme_id, member_id, seq, spared_by, spared_as, programme_version)
SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.spared_by, v.spared_as, v.programme_version
FROM jsonb_to_recordset($1::jsonb) AS v(
    tenant_id int, programme_id int, member_id uuid, seq bigint, spared_by text, spared_as text, programme_version int);

-- name: save_loans
INSERT INTO ledger.loan (tenant_id, programme_id, member_id, seq, share, due_at)
SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.share, v.due_at
FROM jsonb_to_recordset($1::jsonb) AS v(
    tenant_id int, programme_id int, member_id uuid, seq bigint, share int, due_at timestamptz);

-- name: save
SELECT ledger.save_lives($1, $2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb, $6::jsonb, $7::jsonb);
