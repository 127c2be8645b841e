-- The catalogue: rewards, their stock and limits, and the orders of members.

-- A redemption may cost nothing: a gift of a campaign, a sample. One whose kind gives only a part back stays redeemed.
ALTER TABLE redemption.redemption
    DROP CONSTRAINT redemption_points_check,
    DROP CONSTRAINT redemption_check1,
    ADD CONSTRAINT redemption_points_check CHECK (points >= 0),
    ADD CONSTRAINT redemption_cancelled_check CHECK (points = 0 OR (state = 'cancelled') = (restored = points));

-- Rewards as documents, each change a version of its own: the highest counts, none is changed or removed.
CREATE TABLE redemption.reward (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reference text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    document text NOT NULL,
    author text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, reference, version)
);

-- How many pieces are free and how many are held; store '' is the stock of all stores together.
CREATE TABLE redemption.stock (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reference text NOT NULL,
    store text NOT NULL,
    free bigint NOT NULL CHECK (free >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    PRIMARY KEY (tenant_id, programme_id, reference, store)
) WITH (fillfactor = 50);

-- How many pieces members had, all together, in a period of the limit of a reward.
CREATE TABLE redemption.reward_use (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reference text NOT NULL,
    period text NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (tenant_id, programme_id, reference, period)
) WITH (fillfactor = 50);

-- Orders, each beside the redemption of the same id. `points` and `money_minor` are the price of all pieces; of these
-- `cancelled` were given up, and `restocked` are for others again.
CREATE TABLE redemption.reward_order (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    order_id uuid NOT NULL,
    reference text NOT NULL,
    version int NOT NULL,
    kind text NOT NULL,
    category text NOT NULL,
    state text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    cancelled bigint NOT NULL CHECK (cancelled BETWEEN 0 AND quantity),
    restocked bigint NOT NULL CHECK (restocked BETWEEN 0 AND cancelled),
    plan text NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    wallet text,
    money_minor bigint NOT NULL CHECK (money_minor >= 0),
    currency text,
    points_back bigint NOT NULL CHECK (points_back BETWEEN 0 AND points),
    money_back bigint NOT NULL CHECK (money_back BETWEEN 0 AND money_minor),
    store text,
    channel text,
    stock_at text,
    counted_in text,
    starts_on date,
    answers jsonb NOT NULL,
    issued jsonb NOT NULL,
    campaign text,
    cause text,
    asked_at timestamptz NOT NULL,
    ordered_at timestamptz,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, order_id)
) WITH (fillfactor = 80);
CREATE INDEX order_by_id ON redemption.reward_order (tenant_id, order_id);
CREATE INDEX order_by_state ON redemption.reward_order (tenant_id, programme_id, state, asked_at, order_id);
CREATE INDEX order_by_age ON redemption.reward_order (tenant_id, programme_id, asked_at, order_id);

-- What happened to orders, numbered without gaps: never changed.
CREATE TABLE redemption.reward_step (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    order_id uuid NOT NULL,
    number int NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    note text,
    tracking text,
    PRIMARY KEY (tenant_id, programme_id, member_id, order_id, number)
);

-- What members said with orders that is about themselves, such as an address: sealed, and gone when it is no longer needed.
CREATE TABLE redemption.reward_answer (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    order_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, order_id)
);

-- What members would like to have: they are told once it is within reach. `seen` is the number of the ledger's last
-- movement when that was looked at.
CREATE TABLE redemption.wish (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    reference text NOT NULL,
    added_at timestamptz NOT NULL,
    seen bigint NOT NULL DEFAULT -1,
    told_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, reference)
) WITH (fillfactor = 80);
CREATE INDEX wish_untold ON redemption.wish (tenant_id, programme_id, member_id) WHERE told_at IS NULL;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.reward', 'redemption.stock', 'redemption.reward_use', 'redemption.reward_order',
                  'redemption.reward_step', 'redemption.reward_answer', 'redemption.wish']) AS name;

-- Saves orders as they are now, with their new steps and sealed answers, and then moves stock and uses, in the order of
-- keys: last, for others wait for these rows. Says what there was too little of, and then nothing may be committed.
CREATE FUNCTION redemption.save_orders(p_orders jsonb, p_steps jsonb, p_answers jsonb, p_moves jsonb) RETURNS text
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    move record;
BEGIN
    INSERT INTO redemption.reward_order AS o
    SELECT v.* FROM jsonb_populate_recordset(NULL::redemption.reward_order, p_orders) AS v
    ON CONFLICT (tenant_id, programme_id, member_id, order_id) DO UPDATE
        SET state = excluded.state, cancelled = excluded.cancelled, restocked = excluded.restocked,
            points_back = excluded.points_back, money_back = excluded.money_back, issued = excluded.issued,
            ordered_at = excluded.ordered_at, changed_at = excluded.changed_at;
    INSERT INTO redemption.reward_step
    SELECT v.* FROM jsonb_populate_recordset(NULL::redemption.reward_step, p_steps) AS v;
    INSERT INTO redemption.reward_answer
    SELECT v.* FROM jsonb_populate_recordset(NULL::redemption.reward_answer, p_answers) AS v;

    FOR move IN
        SELECT * FROM jsonb_to_recordset(p_moves) AS v(
            tenant_id int, programme_id int, reference text, period text, used bigint, most bigint)
        WHERE v.period IS NOT NULL ORDER BY v.tenant_id, v.programme_id, v.reference, v.period
    LOOP
        IF move.used > move.most THEN
            RETURN 'total-limit';
        END IF;
        INSERT INTO redemption.reward_use AS u (tenant_id, programme_id, reference, period, used)
        VALUES (move.tenant_id, move.programme_id, move.reference, move.period, greatest(move.used, 0))
        ON CONFLICT (tenant_id, programme_id, reference, period) DO UPDATE
            SET used = u.used + move.used WHERE move.used <= 0 OR u.used + move.used <= move.most;
        IF NOT FOUND THEN
            RETURN 'total-limit';
        END IF;
    END LOOP;
    FOR move IN
        SELECT * FROM jsonb_to_recordset(p_moves) AS v(
            tenant_id int, programme_id int, reference text, store text, free bigint, reserved bigint)
        WHERE v.store IS NOT NULL ORDER BY v.tenant_id, v.programme_id, v.reference, v.store
    LOOP
        UPDATE redemption.stock s SET free = s.free + move.free, reserved = s.reserved + move.reserved
        WHERE s.tenant_id = move.tenant_id AND s.programme_id = move.programme_id AND s.reference = move.reference
          AND s.store = move.store AND s.free + move.free >= 0;
        IF NOT FOUND THEN
            RETURN 'sold-out';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- redemption: offers what is in the catalogue to whom it is meant for.
GRANT USAGE ON SCHEMA members TO pointstream_redemption;
GRANT SELECT ON members.tier_standing, members.segment_member, members.list_member, earning.referral
    TO pointstream_redemption;
GRANT SELECT ON redemption.reward TO pointstream_redemption;
GRANT SELECT, UPDATE (free, reserved) ON redemption.stock TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE (used) ON redemption.reward_use TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE (state, cancelled, restocked, points_back, money_back, issued, ordered_at, changed_at)
    ON redemption.reward_order TO pointstream_redemption;
GRANT SELECT, INSERT ON redemption.reward_step, redemption.reward_answer TO pointstream_redemption;
GRANT SELECT, UPDATE (seen, told_at) ON redemption.wish TO pointstream_redemption;

-- gateway: keeps catalogue, stock and wishes for the tenant of each request, and shows orders.
GRANT SELECT, INSERT ON redemption.reward TO pointstream_gateway;
GRANT SELECT, INSERT, UPDATE (free) ON redemption.stock TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON redemption.wish TO pointstream_gateway;
GRANT SELECT ON redemption.reward_use, redemption.reward_order, redemption.reward_step, redemption.reward_answer
    TO pointstream_gateway;

-- operator: the command line keeps the catalogue too.
GRANT SELECT, INSERT ON redemption.reward TO pointstream_operator;
GRANT SELECT, INSERT, UPDATE (free) ON redemption.stock TO pointstream_operator;
GRANT SELECT ON redemption.reward_use, redemption.reward_order, redemption.reward_step, redemption.wish
    TO pointstream_operator;
