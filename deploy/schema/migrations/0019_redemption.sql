-- Points are spent: what redemption owns, what it may write to the ledger, and what it shares with earning.

-- The saving of members whose ledger was in hand belongs to every writer of the ledger. Workers of the version before call
-- it by its old name; a later migration drops that.
ALTER FUNCTION earning.save_lives(timestamptz, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb) SET SCHEMA ledger;
CREATE FUNCTION earning.save_lives(
    p_now timestamptz, p_lots jsonb, p_movements jsonb, p_allocations jsonb, p_touched jsonb, p_debts jsonb, p_heads jsonb
) RETURNS void
LANGUAGE sql AS $$
    SELECT ledger.save_lives(p_now, p_lots, p_movements, p_allocations, p_touched, p_debts, p_heads)
$$;

-- What a member asked to have for points. `points` are held, or were redeemed once that is over; of them `restored` came
-- back. A hold ends by commit or release, or after `hold_until`, which is put off once at most (`extended`). Shares are the
-- lots that the points came from, in the order in which they were taken: number of the movement, wallet, lot, points, and
-- how many of them came back. `counted_on` is the business day on which it counts in the member's history.
CREATE TABLE redemption.redemption (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'released', 'expired', 'redeemed', 'cancelled')),
    points bigint NOT NULL CHECK (points > 0),
    restored bigint NOT NULL DEFAULT 0 CHECK (restored BETWEEN 0 AND points),
    hold_until timestamptz,
    extended boolean NOT NULL DEFAULT false,
    reference text,
    shares jsonb NOT NULL,
    counted_on date,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id),
    CHECK ((state = 'cancelled') = (restored = points))
) WITH (fillfactor = 80);
CREATE INDEX redemption_by_id ON redemption.redemption (tenant_id, redemption_id);
CREATE INDEX redemption_of_member ON redemption.redemption (tenant_id, programme_id, member_id, asked_at, redemption_id);
CREATE INDEX redemption_to_release ON redemption.redemption (hold_until) WHERE state = 'held';

-- The first answer to each request that moved points, in the transaction that moved them. Who asks again at the same time
-- waits for that transaction here.
CREATE TABLE redemption.request (
    tenant_id int NOT NULL,
    credential text NOT NULL,
    operation text NOT NULL,
    key_digest bytea NOT NULL CHECK (length(key_digest) = 32),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    asked_at timestamptz NOT NULL,
    answer bytea,
    PRIMARY KEY (tenant_id, credential, operation, key_digest)
);
CREATE INDEX request_by_age ON redemption.request (asked_at) WHERE operation <> 'cancel';

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.redemption', 'redemption.request']) AS name;

-- The start of every request, in the order of the whole platform: the key, then the member. What the member's head and the
-- redemption are is read behind the lock. `known` says that the key was used before; then nothing is locked.
CREATE FUNCTION redemption.begin_request(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_fingerprint bytea, p_now timestamptz,
    p_programme int, p_member uuid, p_redemption uuid,
    OUT known boolean, OUT fingerprint bytea, OUT answer bytea,
    OUT programme_id int, OUT member_id uuid, OUT seq bigint, OUT spread int, OUT owing boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    whose redemption.redemption;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
    VALUES (p_tenant, p_credential, p_operation, p_key, p_fingerprint, p_now)
    ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING;
    known := NOT FOUND;
    IF known THEN
        SELECT r.fingerprint, r.answer INTO fingerprint, answer
        FROM redemption.request r
        WHERE r.tenant_id = p_tenant AND r.credential = p_credential AND r.operation = p_operation
          AND r.key_digest = p_key;
        RETURN;
    END IF;

    -- Whose a redemption is does not change, so it may be looked up before the lock.
    SELECT * INTO whose FROM redemption.redemption r WHERE r.tenant_id = p_tenant AND r.redemption_id = p_redemption;
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing INTO programme_id, member_id, seq, spread, owing
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = coalesce(whose.programme_id, p_programme)
      AND m.member_id = coalesce(whose.member_id, p_member)
    FOR NO KEY UPDATE;
END $$;

-- Locks the members of holds that are over, each once and in order, and says which of the holds there still are.
CREATE FUNCTION redemption.lock_expired(p_tenant int, p_now timestamptz, p_redemptions uuid[])
RETURNS TABLE (programme_id int, member_id uuid, seq bigint, spread int, owing boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND (m.programme_id, m.member_id) IN (
        SELECT r.programme_id, r.member_id FROM redemption.redemption r
        WHERE r.tenant_id = p_tenant AND r.redemption_id = ANY (p_redemptions) AND r.state = 'held' AND r.hold_until <= p_now
    )
    ORDER BY m.tenant_id, m.programme_id, m.member_id
    FOR NO KEY UPDATE;
END $$;

-- Saves redemptions as they are now. Rows come as JSON, for there are few of them.
CREATE FUNCTION redemption.save(p_now timestamptz, p_redemptions jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO redemption.redemption AS r (tenant_id, programme_id, member_id, redemption_id, state, points, restored,
                                            hold_until, extended, reference, shares, counted_on, asked_at, changed_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.redemption_id, v.state, v.points, v.restored, v.hold_until, v.extended,
           v.reference, v.shares, v.counted_on, v.asked_at, p_now
    FROM jsonb_to_recordset(p_redemptions) AS v(
        tenant_id int, programme_id int, member_id uuid, redemption_id uuid, state text, points bigint, restored bigint,
        hold_until timestamptz, extended boolean, reference text, shares jsonb, counted_on date, asked_at timestamptz)
    ON CONFLICT (tenant_id, programme_id, member_id, redemption_id) DO UPDATE
        SET state = excluded.state, points = excluded.points, restored = excluded.restored,
            hold_until = excluded.hold_until, extended = excluded.extended, shares = excluded.shares,
            counted_on = excluded.counted_on, changed_at = excluded.changed_at;
END $$;

-- redemption: a writer of the ledger for the tenant of each request, who knows no identifiers. It opens no lots, but saves as
-- all writers do. What it redeems counts in the history of members.
GRANT USAGE ON SCHEMA stream, ledger, earning TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_redemption;
GRANT SELECT, INSERT ON stream.outbox TO pointstream_redemption;
GRANT SELECT ON ledger.lot_now, ledger.lot, ledger.member, ledger.debt TO pointstream_redemption;
GRANT INSERT ON ledger.lot, ledger.movement, ledger.allocation, ledger.debt TO pointstream_redemption;
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_redemption;
GRANT UPDATE (seq, activates_at, lapses_at, owing) ON ledger.member TO pointstream_redemption;
GRANT UPDATE (amount, since) ON ledger.debt TO pointstream_redemption;
GRANT SELECT, INSERT, DELETE ON earning.member_day TO pointstream_redemption;
GRANT UPDATE (visits, spend_minor, points, parts) ON earning.member_day TO pointstream_redemption;
GRANT SELECT, INSERT ON redemption.redemption TO pointstream_redemption;
GRANT UPDATE (state, points, restored, hold_until, extended, shares, counted_on, changed_at) ON redemption.redemption
    TO pointstream_redemption;
GRANT SELECT, INSERT, DELETE ON redemption.request TO pointstream_redemption;
GRANT UPDATE (answer) ON redemption.request TO pointstream_redemption;

GRANT USAGE ON SCHEMA redemption TO pointstream_gateway;
GRANT SELECT ON redemption.redemption TO pointstream_gateway;
GRANT SELECT ON redemption.redemption, redemption.request TO pointstream_operator;
