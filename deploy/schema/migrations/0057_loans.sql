-- Loans: points that are lent, repaid by a share of later credits, and owed when their day comes.

ALTER TABLE ledger.movement
    DROP CONSTRAINT movement_check,
    ADD CONSTRAINT movement_check CHECK (from_account <> to_account OR kind IN ('waive', 'fall_due'));

-- By what terms points were lent, beside the movement that says so: `share` percent of each later credit repays them, and at
-- `due_at` the rest is owed.
CREATE TABLE ledger.loan (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    share int NOT NULL CHECK (share BETWEEN 1 AND 100),
    due_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, seq)
);

-- Beside what is owed, what is lent and not due before `due_at`; `share` percent of each credit repays that.
ALTER TABLE ledger.debt
    ADD COLUMN lent bigint NOT NULL DEFAULT 0 CHECK (lent >= 0),
    ADD COLUMN share int NOT NULL DEFAULT 0,
    ADD COLUMN due_at timestamptz,
    ADD CONSTRAINT debt_terms_check CHECK ((lent > 0) = (due_at IS NOT NULL) AND (lent > 0) = (share > 0));

-- What members owe and what is lent to them, as their movements say. What is paid goes into what is owed first: so much is lent as
-- was lent so far, or as all of the debt, whichever is less, after each movement since a loan last fell due.
CREATE VIEW ledger.owed WITH (security_invoker = true) AS
WITH posted AS (
    SELECT m.tenant_id, m.programme_id, m.member_id, m.wallet, m.seq, m.effective_at, l.share, l.due_at,
           m.kind = 'fall_due' AS falls,
           CASE WHEN m.kind = 'fall_due' THEN 0 WHEN m.from_account = 'debt' THEN m.amount ELSE -m.amount END AS points,
           CASE WHEN l.seq IS NULL THEN 0 ELSE m.amount END AS lent
    FROM ledger.movement m LEFT JOIN ledger.loan l USING (tenant_id, programme_id, member_id, seq)
    WHERE 'debt' IN (m.from_account, m.to_account)
), added AS (
    SELECT *, sum(points) OVER (PARTITION BY tenant_id, programme_id, member_id, wallet ORDER BY seq) AS after,
           sum(falls::int) OVER (PARTITION BY tenant_id, programme_id, member_id, wallet ORDER BY seq) - falls::int AS fallen
    FROM posted
), summed AS (
    -- `began` is the movement by which the debt last grew from 0.
    SELECT *, max(seq) FILTER (WHERE after = points AND points > 0)
                  OVER (PARTITION BY tenant_id, programme_id, member_id, wallet) AS began,
           sum(lent) OVER (PARTITION BY tenant_id, programme_id, member_id, wallet, fallen ORDER BY seq) AS lent_so_far
    FROM added
), split AS (
    SELECT *, CASE WHEN falls THEN 0 ELSE lent_so_far + least(0, min(after - lent_so_far) OVER (
                  PARTITION BY tenant_id, programme_id, member_id, wallet, fallen ORDER BY seq)) END AS lent_after
    FROM summed
), ended AS (
    SELECT *, coalesce(max(seq) FILTER (WHERE lent_after = 0)
                  OVER (PARTITION BY tenant_id, programme_id, member_id, wallet), 0) AS free_at
    FROM split
)
SELECT tenant_id, programme_id, member_id, wallet,
       (sum(points) - (array_agg(lent_after ORDER BY seq DESC))[1])::bigint AS amount,
       max(effective_at) FILTER (WHERE (points > 0 OR falls) AND seq >= began) AS since,
       (array_agg(lent_after ORDER BY seq DESC))[1]::bigint AS lent,
       coalesce(max(share) FILTER (WHERE seq > free_at), 0) AS share, min(due_at) FILTER (WHERE seq > free_at) AS due_at
FROM ended
GROUP BY tenant_id, programme_id, member_id, wallet;

-- A debt is saved with what is lent beside it.
CREATE OR REPLACE FUNCTION ledger.save_lives(
    p_now timestamptz, p_lots jsonb, p_movements jsonb, p_allocations jsonb, p_touched jsonb, p_debts jsonb, p_heads jsonb
) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause, contributor, opened_by, pending,
                            now_active_from, now_expires_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.wallet, v.amount, v.remaining, v.held, v.earned_at,
           v.active_from, v.expires_at, p_now, v.policy_version, v.cause, v.contributor, v.opened_by, v.pending,
           v.now_active_from, v.now_expires_at
    FROM jsonb_to_recordset(p_lots) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, wallet text, amount bigint, remaining bigint,
        held bigint, earned_at timestamptz, active_from timestamptz, expires_at timestamptz, policy_version int, cause uuid,
        contributor uuid, opened_by ledger.kind, pending boolean, now_active_from timestamptz, now_expires_at timestamptz);

    INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                 effective_at, recorded_at, corrects, cause, moves_expiry, new_expires_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.wallet, v.kind, v.from_account, v.to_account, v.amount,
           v.effective_at, p_now, v.corrects, v.cause, v.moves_expiry, v.new_expires_at
    FROM jsonb_to_recordset(p_movements) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, wallet text, kind ledger.kind,
        from_account ledger.account, to_account ledger.account, amount bigint, effective_at timestamptz, corrects bigint,
        cause uuid, moves_expiry boolean, new_expires_at timestamptz);

    INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.lot_seq, v.amount
    FROM jsonb_to_recordset(p_allocations)
        AS v(tenant_id int, programme_id int, member_id uuid, seq bigint, lot_seq bigint, amount bigint);

    UPDATE ledger.lot l
    SET remaining = v.remaining, held = v.held, pending = v.pending,
        now_active_from = coalesce(v.now_active_from, l.now_active_from),
        now_expires_at = coalesce(v.now_expires_at, l.now_expires_at)
    FROM jsonb_to_recordset(p_touched) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, remaining bigint, held bigint, pending boolean,
        now_active_from timestamptz, now_expires_at timestamptz)
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id AND l.seq = v.seq;

    INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since, lent, share, due_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.wallet, v.amount, v.since, v.lent, v.share, v.due_at
    FROM jsonb_to_recordset(p_debts) AS v(
        tenant_id int, programme_id int, member_id uuid, wallet text, amount bigint, since timestamptz, lent bigint,
        share int, due_at timestamptz)
    ON CONFLICT (tenant_id, programme_id, member_id, wallet)
        DO UPDATE SET amount = excluded.amount, since = excluded.since, lent = excluded.lent, share = excluded.share,
                      due_at = excluded.due_at;

    UPDATE ledger.member m
    SET seq = v.seq, activates_at = v.activates_at, lapses_at = v.lapses_at, owing = v.owing
    FROM jsonb_to_recordset(p_heads) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, activates_at timestamptz, lapses_at timestamptz,
        owing boolean)
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;
END $$;

-- A loan is a trade: so many points, for `other` that are to be repaid, until `due_at`.
ALTER TABLE redemption.trade
    ADD COLUMN due_at timestamptz,
    DROP CONSTRAINT trade_kind_check,
    DROP CONSTRAINT trade_check,
    DROP CONSTRAINT trade_check1,
    ADD CONSTRAINT trade_kind_check CHECK (kind IN ('buy', 'exchange_in', 'exchange_out', 'donate', 'lend')),
    ADD CONSTRAINT trade_opens_check CHECK ((opens IS NOT NULL) = (kind IN ('buy', 'exchange_in', 'lend'))),
    ADD CONSTRAINT trade_currency_check CHECK ((currency IS NOT NULL) = (kind IN ('buy', 'donate'))),
    ADD CONSTRAINT trade_due_check CHECK ((due_at IS NOT NULL) = (kind = 'lend'));

SELECT platform.protect('ledger.loan'::regclass, ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT INSERT ON ledger.loan TO pointstream_earning, pointstream_redemption;
GRANT UPDATE (lent, share, due_at) ON ledger.debt TO pointstream_earning, pointstream_redemption;
GRANT SELECT ON ledger.loan, ledger.owed TO pointstream_operator;
