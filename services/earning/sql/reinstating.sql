-- name: lapsed
-- What lapsed of these members by movement and lot, in order, with what has come back of it since.
SELECT m.tenant_id, m.programme_id, m.member_id, m.seq, m.wallet, a.lot_seq, a.amount, m.effective_at,
       coalesce(r.back, 0)::bigint AS back
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.movement m USING (tenant_id, programme_id, member_id)
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
LEFT JOIN LATERAL (
    SELECT sum(b.amount) AS back
    FROM ledger.movement c JOIN ledger.allocation b USING (tenant_id, programme_id, member_id, seq)
    WHERE c.tenant_id = m.tenant_id AND c.programme_id = m.programme_id AND c.member_id = m.member_id
      AND c.kind = 'restore' AND c.corrects = m.seq AND b.lot_seq = a.lot_seq
) AS r ON true
WHERE m.kind = 'expire'
ORDER BY m.member_id, m.seq, a.lot_seq;

-- name: gone
-- The lots of these members that have nothing left, of those of which something lapsed.
SELECT l.tenant_id, l.programme_id, l.member_id, l.seq, l.wallet, l.amount, l.remaining, l.held, l.earned_at, l.active_from,
       l.expires_at, l.recorded_at, l.policy_version, l.contributor, l.opened_by::text AS opened_by, l.pending
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
WHERE l.remaining = 0
  AND EXISTS (
      SELECT FROM ledger.movement m JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
      WHERE m.tenant_id = l.tenant_id AND m.programme_id = l.programme_id AND m.member_id = l.member_id
        AND m.kind = 'expire' AND a.lot_seq = l.seq
  );
