-- Where the points of tenant $1 and programme $2 were at $3, as it was known at $4 (NULL: as it is known now).

-- name: standing
-- By wallet, over all lots by what had happened to them. Left out are the members of whom that can't be told set by set
-- ($5): they are folded one by one. Nothing is known before the movements that it follows, whatever the clocks said.
WITH cut AS (
    SELECT j.member_id, min(j.seq) AS seq FROM ledger.journal j
    WHERE j.tenant_id = $1 AND j.programme_id = $2 AND j.recorded_at > $4
    GROUP BY j.member_id
), moved AS (
    SELECT m.member_id, m.seq, m.wallet, m.kind, m.from_account, m.to_account, m.amount, m.effective_at, m.moves_expiry,
           m.new_expires_at
    FROM ledger.movement m LEFT JOIN cut c USING (member_id)
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.effective_at <= $3 AND (c.seq IS NULL OR m.seq < c.seq)
      AND m.member_id <> ALL ($5::uuid[])
), flow AS (
    SELECT a.member_id, a.lot_seq AS seq,
           sum(a.amount * ((m.to_account IN ('pending', 'active', 'held'))::int
                         - (m.from_account IN ('pending', 'active', 'held'))::int)) AS came,
           sum(a.amount * ((m.to_account = 'held')::int - (m.from_account = 'held')::int)) AS held,
           max(m.effective_at) FILTER (WHERE m.kind = 'activate') AS activated_at,
           max(m.seq) FILTER (WHERE m.moves_expiry) AS mover
    FROM moved m
    JOIN ledger.allocation a ON a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = m.member_id AND a.seq = m.seq
    GROUP BY a.member_id, a.lot_seq
), lots AS (
    SELECT l.wallet, l.amount + coalesce(f.came, 0) AS remaining, coalesce(f.held, 0) AS held,
           coalesce(f.activated_at, l.active_from) AS active_from,
           CASE WHEN f.mover IS NULL THEN l.expires_at ELSE m.new_expires_at END AS expires_at
    FROM ledger.lot l
    LEFT JOIN cut c USING (member_id)
    LEFT JOIN flow f ON f.member_id = l.member_id AND f.seq = l.seq
    LEFT JOIN moved m ON m.member_id = l.member_id AND m.seq = f.mover
    WHERE l.tenant_id = $1 AND l.programme_id = $2 AND (c.seq IS NULL OR l.seq < c.seq)
      AND CASE l.opened_by WHEN 'transfer' THEN l.recorded_at ELSE l.earned_at END <= $3
      AND l.member_id <> ALL ($5::uuid[])
), held AS (
    SELECT wallet,
           sum(remaining - held) FILTER (WHERE active_from <= $3 AND (expires_at IS NULL OR expires_at > $3)) AS available,
           sum(remaining - held) FILTER (WHERE active_from > $3) AS pending,
           sum(held) AS held
    FROM lots GROUP BY wallet
), owed AS (
    SELECT wallet, sum(CASE WHEN from_account = 'debt' THEN amount ELSE -amount END) AS debt
    FROM moved WHERE 'debt' IN (from_account, to_account) GROUP BY wallet
)
SELECT wallet, coalesce(h.available, 0)::bigint AS available, coalesce(h.pending, 0)::bigint AS pending,
       coalesce(h.held, 0)::bigint AS held, coalesce(o.debt, 0)::bigint AS debt
FROM held h FULL JOIN owed o USING (wallet)
ORDER BY wallet;

-- name: apart
-- Members of whom it can't be told set by set: something told later counts from before what was there by then, so that it
-- must be asked whether the points were free; or they owed while an activation was due that nobody had written down; or they
-- were lent points, which are owed from their day on.
SELECT m.member_id FROM ledger.movement m
JOIN (
    SELECT j.member_id, min(j.seq) AS seq FROM ledger.movement j
    WHERE j.tenant_id = $1 AND j.programme_id = $2 AND j.effective_at > $3
    GROUP BY j.member_id
) AS later USING (member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.effective_at <= $3 AND m.seq > later.seq AND m.from_account = 'active'
UNION
SELECT d.member_id
FROM (
    SELECT DISTINCT m.member_id FROM ledger.movement m
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.from_account = 'debt' AND m.effective_at <= $3
) AS d
JOIN ledger.lot l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = d.member_id
WHERE l.active_from > CASE l.opened_by WHEN 'transfer' THEN l.recorded_at ELSE l.earned_at END AND l.active_from <= $3
  AND NOT EXISTS (
      SELECT FROM ledger.allocation a JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
      WHERE a.tenant_id = $1 AND a.programme_id = $2 AND a.member_id = l.member_id AND a.lot_seq = l.seq
        AND m.kind = 'activate' AND m.effective_at <= $3 AND ($4::timestamptz IS NULL OR m.recorded_at <= $4)
  )
UNION
SELECT o.member_id FROM ledger.loan o WHERE o.tenant_id = $1 AND o.programme_id = $2
ORDER BY 1;

-- name: spared
-- Members whom something may spare of what had its date by then, where that is not written down yet or was not known to be at
-- $4: what is written down since says nothing of then, and the points may have gone since. They are folded too.
SELECT m.member_id, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.keeps IS NOT NULL
  AND (m.lapses_at <= $3 OR EXISTS (
      SELECT FROM ledger.journal j
      WHERE j.tenant_id = $1 AND j.programme_id = $2 AND j.member_id = m.member_id AND j.recorded_at > $4
  ));
