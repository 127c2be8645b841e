-- What is stored beside the movements, computed from them again: one range of members after another, each in a
-- transaction. A range goes from behind ($1, $2, $3) up to and with ($4, $5, $6): tenant, programme, member.

-- name: settings
-- For the transaction: a range is read by the primary keys and joined by hash or merge. How many rows it has cannot be told
-- from statistics, and a plan made for one row would compare all with all.
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       set_config('enable_nestloop', 'off', true), set_config('enable_seqscan', 'off', true);

-- name: members
SELECT count(*) FROM ledger.member;

-- name: next_range
-- The next $4 heads, locked as every writer locks them: the last of them, and how many they are.
WITH locked AS (
    SELECT tenant_id, programme_id, member_id
    FROM ledger.member
    WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
    ORDER BY tenant_id, programme_id, member_id
    LIMIT $4
    FOR NO KEY UPDATE
)
SELECT tenant_id, programme_id, member_id, count(*) OVER () AS members
FROM locked ORDER BY tenant_id DESC, programme_id DESC, member_id DESC LIMIT 1;

-- name: lots
-- A lot is activated once; its expiry is where the last movement that moved it has put it. A date that is as the lot began
-- with is NULL. Only what differs is written.
WITH flow AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, a.lot_seq AS seq,
           sum(a.amount * ((m.to_account IN ('pending', 'active', 'held'))::int
                         - (m.from_account IN ('pending', 'active', 'held'))::int)) AS came,
           sum(a.amount * ((m.to_account = 'held')::int - (m.from_account = 'held')::int)) AS held,
           max(m.effective_at) FILTER (WHERE m.kind = 'activate') AS activated_at,
           max(m.seq) FILTER (WHERE m.moves_expiry) AS mover
    FROM ledger.allocation a JOIN ledger.movement m USING (tenant_id, programme_id, member_id, seq)
    WHERE (a.tenant_id, a.programme_id, a.member_id) > ($1::int, $2::int, $3::uuid)
      AND (a.tenant_id, a.programme_id, a.member_id) <= ($4::int, $5::int, $6::uuid)
      AND (m.tenant_id, m.programme_id, m.member_id) > ($1::int, $2::int, $3::uuid)
      AND (m.tenant_id, m.programme_id, m.member_id) <= ($4::int, $5::int, $6::uuid)
    GROUP BY a.tenant_id, a.programme_id, a.member_id, a.lot_seq
), folded AS (
    SELECT l.tenant_id, l.programme_id, l.member_id, l.seq, l.amount + coalesce(f.came, 0) AS remaining,
           coalesce(f.held, 0) AS held,
           l.active_from > CASE l.opened_by WHEN 'transfer' THEN l.recorded_at ELSE l.earned_at END
               AND f.activated_at IS NULL AS pending,
           nullif(f.activated_at, l.active_from) AS now_active_from,
           CASE WHEN f.mover IS NOT NULL
                THEN nullif(coalesce(m.new_expires_at, 'infinity'), coalesce(l.expires_at, 'infinity')) END AS now_expires_at
    FROM ledger.lot l
    LEFT JOIN flow f USING (tenant_id, programme_id, member_id, seq)
    LEFT JOIN ledger.movement m ON m.tenant_id = l.tenant_id AND m.programme_id = l.programme_id
                               AND m.member_id = l.member_id AND m.seq = f.mover
    WHERE (l.tenant_id, l.programme_id, l.member_id) > ($1::int, $2::int, $3::uuid)
      AND (l.tenant_id, l.programme_id, l.member_id) <= ($4::int, $5::int, $6::uuid)
)
UPDATE ledger.lot l
SET remaining = f.remaining, held = f.held, pending = f.pending, now_active_from = f.now_active_from,
    now_expires_at = f.now_expires_at
FROM folded f
WHERE l.tenant_id = f.tenant_id AND l.programme_id = f.programme_id AND l.member_id = f.member_id AND l.seq = f.seq
  AND (l.remaining, l.held, l.pending, l.now_active_from, l.now_expires_at)
      IS DISTINCT FROM (f.remaining, f.held, f.pending, f.now_active_from, f.now_expires_at);

-- name: forget_debts
DELETE FROM ledger.debt
WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
  AND (tenant_id, programme_id, member_id) <= ($4::int, $5::int, $6::uuid);

-- name: debts
INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since, lent, share, due_at)
SELECT tenant_id, programme_id, member_id, wallet, amount, since, lent, share, due_at
FROM ledger.owed
WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
  AND (tenant_id, programme_id, member_id) <= ($4::int, $5::int, $6::uuid)
ORDER BY tenant_id, programme_id, member_id, wallet;

-- name: heads
-- Comes last, for it reads what lots and debts have become. Answers with the number of movements of the range.
WITH lots AS (
    SELECT tenant_id, programme_id, member_id, max(seq) AS seq,
           min(active_from) FILTER (WHERE pending AND remaining > 0) AS activates_at,
           min(expires_at) FILTER (WHERE remaining > held) AS lapses_at
    FROM ledger.lot_now
    WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
      AND (tenant_id, programme_id, member_id) <= ($4::int, $5::int, $6::uuid)
    GROUP BY tenant_id, programme_id, member_id
), movements AS (
    SELECT tenant_id, programme_id, member_id, max(seq) AS seq
    FROM ledger.movement
    WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
      AND (tenant_id, programme_id, member_id) <= ($4::int, $5::int, $6::uuid)
    GROUP BY tenant_id, programme_id, member_id
), debts AS (
    SELECT tenant_id, programme_id, member_id, bool_or(amount > 0 OR lent > 0) AS owing, min(due_at) AS due_at
    FROM ledger.debt
    WHERE (tenant_id, programme_id, member_id) > ($1::int, $2::int, $3::uuid)
      AND (tenant_id, programme_id, member_id) <= ($4::int, $5::int, $6::uuid)
    GROUP BY tenant_id, programme_id, member_id
), folded AS (
    SELECT h.tenant_id, h.programme_id, h.member_id, coalesce(greatest(l.seq, m.seq), 0) AS seq,
           least(l.activates_at, d.due_at) AS activates_at, l.lapses_at,
           coalesce(d.owing, false) AS owing
    FROM ledger.member h
    LEFT JOIN lots l USING (tenant_id, programme_id, member_id)
    LEFT JOIN movements m USING (tenant_id, programme_id, member_id)
    LEFT JOIN debts d USING (tenant_id, programme_id, member_id)
    WHERE (h.tenant_id, h.programme_id, h.member_id) > ($1::int, $2::int, $3::uuid)
      AND (h.tenant_id, h.programme_id, h.member_id) <= ($4::int, $5::int, $6::uuid)
), written AS (
    UPDATE ledger.member h
    SET seq = f.seq, activates_at = f.activates_at, lapses_at = f.lapses_at, owing = f.owing
    FROM folded f
    WHERE h.tenant_id = f.tenant_id AND h.programme_id = f.programme_id AND h.member_id = f.member_id
      AND (h.seq, h.activates_at, h.lapses_at, h.owing) IS DISTINCT FROM (f.seq, f.activates_at, f.lapses_at, f.owing)
)
SELECT coalesce(sum(seq), 0)::bigint FROM folded;
