-- The whole journals of some members ($3) of tenant $1 and programme $2, to be folded up to an instant.

-- name: openings
-- Lots as they began, each told from the columns that are written once.
SELECT member_id, seq, wallet, amount, earned_at, active_from, expires_at, recorded_at, policy_version, contributor,
       opened_by::text AS opened_by
FROM ledger.lot
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = ANY ($3::uuid[])
ORDER BY member_id, seq;

-- name: movements
SELECT m.member_id, m.seq, m.wallet, m.kind::text AS kind, m.from_account::text AS from_account,
       m.to_account::text AS to_account, m.amount, m.effective_at, m.recorded_at, m.corrects, m.moves_expiry,
       m.new_expires_at, w.spared_by, w.spared_as, w.programme_version, o.share, o.due_at,
       coalesce(a.lots, '{}') AS lots, coalesce(a.amounts, '{}') AS amounts
FROM ledger.movement m
LEFT JOIN ledger.loan o USING (tenant_id, programme_id, member_id, seq)
LEFT JOIN ledger.waiver w USING (tenant_id, programme_id, member_id, seq)
LEFT JOIN (
    SELECT member_id, seq, array_agg(lot_seq ORDER BY lot_seq) AS lots, array_agg(amount ORDER BY lot_seq) AS amounts
    FROM ledger.allocation
    WHERE tenant_id = $1 AND programme_id = $2 AND member_id = ANY ($3::uuid[])
    GROUP BY member_id, seq
) AS a USING (member_id, seq)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[])
ORDER BY m.member_id, m.seq;
