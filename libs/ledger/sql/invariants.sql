-- The invariants of libs/ledger/invariants.py for a whole database. Each query answers with at most five rows of what is
-- wrong: how many there are in all, and the key of one. No row means that the invariant holds.

-- name: movements_balance
-- $1, $2, $3: the legal triples of kind, from-account and to-account. $4: the accounts whose points lie in lots.
WITH allocated AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, a.seq, sum(a.amount) AS amount, bool_and(l.wallet = m.wallet) AS same_wallet
    FROM ledger.allocation a
    JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
    JOIN ledger.lot l ON l.tenant_id = a.tenant_id AND l.programme_id = a.programme_id AND l.member_id = a.member_id
                     AND l.seq = a.lot_seq
    GROUP BY a.tenant_id, a.programme_id, a.member_id, a.seq
), flaw AS (
    SELECT m.tenant_id, m.programme_id, m.member_id, m.seq
    FROM ledger.movement m
    LEFT JOIN allocated a USING (tenant_id, programme_id, member_id, seq)
    LEFT JOIN unnest($1::text[], $2::text[], $3::text[]) AS legal(kind, from_account, to_account)
           ON legal.kind = m.kind::text AND legal.from_account = m.from_account::text
          AND legal.to_account = m.to_account::text
    WHERE legal.kind IS NULL
       OR m.amount <= 0
       OR NOT coalesce(a.same_wallet, true)
       OR coalesce(a.amount, 0) <> CASE WHEN m.from_account::text = ANY ($4::text[]) OR m.to_account::text = ANY ($4::text[])
                                        THEN m.amount ELSE 0 END
    UNION ALL
    -- An allocation is a part of a movement that there is, and falls on a lot that there is: no constraint says so.
    SELECT a.tenant_id, a.programme_id, a.member_id, a.seq
    FROM ledger.allocation a
    LEFT JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
    LEFT JOIN ledger.lot l ON l.tenant_id = a.tenant_id AND l.programme_id = a.programme_id AND l.member_id = a.member_id
                          AND l.seq = a.lot_seq
    WHERE m.seq IS NULL OR l.seq IS NULL
    UNION ALL
    -- What is lent has its terms, and nothing else has any but a loan that came from another member.
    SELECT tenant_id, programme_id, member_id, seq
    FROM (SELECT tenant_id, programme_id, member_id, seq, kind, from_account FROM ledger.movement
          WHERE 'debt' IN (from_account, to_account)) AS m
    FULL JOIN ledger.loan l USING (tenant_id, programme_id, member_id, seq)
    WHERE CASE WHEN l.seq IS NULL THEN m.kind = 'lend'
               ELSE m.kind IS NULL OR m.kind NOT IN ('lend', 'transfer') OR m.from_account <> 'debt' END
    UNION ALL
    -- An adjustment makes no pending points.
    SELECT l.tenant_id, l.programme_id, l.member_id, l.seq
    FROM ledger.lot l WHERE l.opened_by = 'adjust' AND l.active_from > l.earned_at
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, member_id, seq) AS key
FROM flaw ORDER BY key LIMIT 5;

-- name: conservation
-- Issued = what lies in lots − debt + what has gone, per programme and wallet.
WITH moved AS (
    SELECT tenant_id, programme_id, wallet, from_account, to_account, sum(amount) AS amount
    FROM ledger.journal GROUP BY tenant_id, programme_id, wallet, from_account, to_account
), outside AS (
    -- Everything but pending, active and held: what came from there less what went there lies in lots.
    SELECT tenant_id, programme_id, wallet,
           sum(CASE WHEN from_account IN ('pending', 'active', 'held') THEN 0 ELSE amount END)
         - sum(CASE WHEN to_account IN ('pending', 'active', 'held') THEN 0 ELSE amount END) AS in_hand
    FROM moved GROUP BY tenant_id, programme_id, wallet
), stored AS (
    SELECT tenant_id, programme_id, wallet, sum(remaining) AS in_hand
    FROM ledger.lot GROUP BY tenant_id, programme_id, wallet
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, wallet) AS key
FROM outside FULL JOIN stored USING (tenant_id, programme_id, wallet)
WHERE coalesce(outside.in_hand, 0) <> coalesce(stored.in_hand, 0)
ORDER BY key LIMIT 5;

-- name: sequence_has_no_gap
-- A member's movements are numbered 1 … seq, and the head says how many there are.
WITH numbered AS (
    SELECT tenant_id, programme_id, member_id, count(*) AS movements, sum(seq) AS total, min(seq) AS first, max(seq) AS last
    FROM ledger.journal GROUP BY tenant_id, programme_id, member_id
)
SELECT count(*) OVER () AS violations, concat_ws('/', h.tenant_id, h.programme_id, h.member_id) AS key
FROM ledger.member h LEFT JOIN numbered n USING (tenant_id, programme_id, member_id)
WHERE h.seq <> coalesce(n.movements, 0) OR h.seq <> coalesce(n.last, 0) OR coalesce(n.first, 1) <> 1
   OR n.total <> h.seq::numeric * (h.seq + 1) / 2
ORDER BY key LIMIT 5;

-- name: ledger_is_fold
-- What is stored beside the movements is what they make of it: of a lot what is held, whether it is pending and its dates;
-- what is owed and what is lent; of a head what time will do next and whether the member owes.
WITH flow AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, a.lot_seq AS seq,
           sum(a.amount * ((m.to_account = 'held')::int - (m.from_account = 'held')::int)) AS held,
           max(m.effective_at) FILTER (WHERE m.kind = 'activate') AS activated_at,
           max(m.seq) FILTER (WHERE m.moves_expiry) AS mover
    FROM ledger.allocation a JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
    GROUP BY a.tenant_id, a.programme_id, a.member_id, a.lot_seq
), ahead AS (
    SELECT tenant_id, programme_id, member_id,
           min(active_from) FILTER (WHERE pending AND remaining > 0) AS activates_at,
           min(expires_at) FILTER (WHERE remaining > held) AS lapses_at
    FROM ledger.lot_now GROUP BY tenant_id, programme_id, member_id
), flaw AS (
    SELECT l.tenant_id, l.programme_id, l.member_id, l.seq::text AS what
    FROM ledger.lot l
    LEFT JOIN flow f USING (tenant_id, programme_id, member_id, seq)
    LEFT JOIN ledger.movement m ON m.tenant_id = l.tenant_id AND m.programme_id = l.programme_id
                               AND m.member_id = l.member_id AND m.seq = f.mover
    WHERE l.held <> coalesce(f.held, 0)
       OR l.pending <> (l.active_from > CASE l.opened_by WHEN 'transfer' THEN l.recorded_at ELSE l.earned_at END
                        AND f.activated_at IS NULL)
       OR coalesce(l.now_active_from, l.active_from) <> coalesce(f.activated_at, l.active_from)
       OR coalesce(l.now_expires_at, l.expires_at, 'infinity')
          <> coalesce(CASE WHEN f.mover IS NULL THEN l.expires_at ELSE m.new_expires_at END, 'infinity')
    UNION ALL
    SELECT tenant_id, programme_id, member_id, wallet
    FROM ledger.owed e FULL JOIN ledger.debt d USING (tenant_id, programme_id, member_id, wallet)
    WHERE coalesce(d.amount, 0) <> coalesce(e.amount, 0) OR (d.amount + d.lent > 0 AND d.since <> e.since)
       OR (coalesce(d.lent, 0), coalesce(d.share, 0), d.due_at)
          IS DISTINCT FROM (coalesce(e.lent, 0), coalesce(e.share, 0), e.due_at)
    UNION ALL
    SELECT h.tenant_id, h.programme_id, h.member_id, NULL
    FROM ledger.member h
    LEFT JOIN ahead a USING (tenant_id, programme_id, member_id)
    LEFT JOIN (SELECT tenant_id, programme_id, member_id, bool_or(amount > 0 OR lent > 0) AS owing, min(due_at) AS due_at
               FROM ledger.owed GROUP BY tenant_id, programme_id, member_id) AS o USING (tenant_id, programme_id, member_id)
    WHERE h.activates_at IS DISTINCT FROM least(a.activates_at, o.due_at) OR h.lapses_at IS DISTINCT FROM a.lapses_at
       OR h.owing <> coalesce(o.owing, false)
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, member_id, what) AS key
FROM flaw ORDER BY key LIMIT 5;

-- name: lots_in_bounds
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, member_id, seq) AS key
FROM ledger.lot
WHERE NOT (0 <= held AND held <= remaining AND remaining <= amount AND amount > 0)
ORDER BY key LIMIT 5;

-- name: lots_add_up
-- What a lot began with is what is left of it and what its movements took from it.
WITH flow AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, a.lot_seq AS seq,
           sum(a.amount * ((m.to_account IN ('pending', 'active', 'held'))::int
                         - (m.from_account IN ('pending', 'active', 'held'))::int)) AS came
    FROM ledger.allocation a JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
    GROUP BY a.tenant_id, a.programme_id, a.member_id, a.lot_seq
)
SELECT count(*) OVER () AS violations, concat_ws('/', l.tenant_id, l.programme_id, l.member_id, l.seq) AS key
FROM ledger.lot l LEFT JOIN flow f USING (tenant_id, programme_id, member_id, seq)
WHERE l.remaining <> l.amount + coalesce(f.came, 0)
ORDER BY key LIMIT 5;

-- name: accounts_equal_lots
-- Per member and wallet, what is left, what is pending and what is held are the same by lots and by accounts.
WITH account AS (
    SELECT tenant_id, programme_id, member_id, wallet,
           sum(amount * ((to_account IN ('pending', 'active', 'held'))::int
                       - (from_account IN ('pending', 'active', 'held'))::int)) AS in_hand,
           sum(amount * ((to_account = 'pending')::int - (from_account = 'pending')::int)) AS pending,
           sum(amount * ((to_account = 'held')::int - (from_account = 'held')::int)) AS held
    FROM ledger.journal GROUP BY tenant_id, programme_id, member_id, wallet
), lots AS (
    SELECT tenant_id, programme_id, member_id, wallet, sum(remaining) AS in_hand,
           sum(CASE WHEN pending THEN remaining ELSE 0 END) AS pending, sum(held) AS held
    FROM ledger.lot GROUP BY tenant_id, programme_id, member_id, wallet
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, member_id, wallet) AS key
FROM account FULL JOIN lots USING (tenant_id, programme_id, member_id, wallet)
WHERE coalesce(account.in_hand, 0) <> coalesce(lots.in_hand, 0) OR coalesce(account.held, 0) <> coalesce(lots.held, 0)
   OR coalesce(account.pending, 0) <> coalesce(lots.pending, 0)
ORDER BY key LIMIT 5;

-- name: no_negative_account
-- Pending, active and held never fall below 0, nor is more repaid than was owed. A credit only adds, so members without
-- any other movement need not be looked at.
WITH touched AS (
    SELECT DISTINCT tenant_id, programme_id, member_id FROM ledger.movement
), posting AS (
    SELECT j.tenant_id, j.programme_id, j.member_id, j.wallet, p.account, p.amount
    FROM touched JOIN ledger.journal j USING (tenant_id, programme_id, member_id)
    CROSS JOIN LATERAL (VALUES (j.to_account, j.amount), (j.from_account, -j.amount)) AS p(account, amount)
    WHERE p.account IN ('pending', 'active', 'held', 'debt')
), account AS (
    SELECT tenant_id, programme_id, member_id, wallet, account,
           sum(CASE WHEN account = 'debt' THEN -amount ELSE amount END) AS amount
    FROM posting GROUP BY tenant_id, programme_id, member_id, wallet, account
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, programme_id, member_id, wallet, account) AS key
FROM account WHERE amount < 0
ORDER BY key LIMIT 5;

-- name: corrections_in_bounds
-- What is reversed or restored never exceeds what it takes back.
WITH corrected AS (
    SELECT tenant_id, programme_id, member_id, corrects AS seq, sum(amount) AS amount
    FROM ledger.movement
    WHERE corrects IS NOT NULL AND kind IN ('reverse', 'restore')
    GROUP BY tenant_id, programme_id, member_id, corrects
)
SELECT count(*) OVER () AS violations, concat_ws('/', c.tenant_id, c.programme_id, c.member_id, c.seq) AS key
FROM corrected c LEFT JOIN ledger.journal j USING (tenant_id, programme_id, member_id, seq)
WHERE c.amount > coalesce(j.amount, 0)
ORDER BY key LIMIT 5;
