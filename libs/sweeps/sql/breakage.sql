-- name: ended
-- What became of the lots whose date has passed by $3, of tenant $1 and programme $2, by wallet and month of earning; the
-- months begin at $4. What was given back counts as neither.
SELECT l.wallet, width_bucket(l.earned_at, $4::timestamptz[]) AS month,
       coalesce(sum(a.amount * CASE WHEN m.to_account = 'expired' THEN 1 ELSE -1 END)
                FILTER (WHERE 'expired' IN (m.from_account, m.to_account)), 0)::bigint AS lapsed,
       coalesce(sum(a.amount * CASE WHEN m.to_account = 'redeemed' THEN 1 ELSE -1 END)
                FILTER (WHERE 'redeemed' IN (m.from_account, m.to_account)), 0)::bigint AS redeemed
FROM ledger.movement m
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
JOIN ledger.lot_now l ON l.tenant_id = a.tenant_id AND l.programme_id = a.programme_id AND l.member_id = a.member_id
                     AND l.seq = a.lot_seq
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND l.expires_at <= $3
  AND ('expired' IN (m.from_account, m.to_account) OR 'redeemed' IN (m.from_account, m.to_account))
GROUP BY l.wallet, month
ORDER BY l.wallet, month;
