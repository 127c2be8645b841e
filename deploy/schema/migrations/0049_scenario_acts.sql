-- Steps of scenarios that are no messages: points, rewards, webhooks and tags that wait for their time, and what became of each.

-- One row a member, step and occasion: an occasion brings about a step once, whatever repeats. What is asked of others leaves with
-- the transaction that sets the state. Partitioned by day as deliveries are.
CREATE TABLE notifier.scenario_act (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    occasion text NOT NULL,
    occasion_on date NOT NULL,
    scenario text NOT NULL,
    step text NOT NULL,
    action text NOT NULL CHECK (action IN ('points', 'reward', 'webhook', 'tag')),
    arm text,
    began_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    useful_until timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'done', 'dropped')),
    reason text,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, occasion, occasion_on),
    CHECK ((ended_at IS NULL) = (state = 'waiting')),
    CHECK ((reason IS NOT NULL) = (state = 'dropped'))
) PARTITION BY RANGE (occasion_on);
CREATE INDEX scenario_act_due ON notifier.scenario_act (due_at) WHERE state = 'waiting';
CREATE TABLE notifier.scenario_act_rest PARTITION OF notifier.scenario_act DEFAULT;
ALTER TABLE notifier.scenario_act_rest SET (fillfactor = 80);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.scenario_act', 'notifier.scenario_act_rest']) AS name;
GRANT SELECT, INSERT ON notifier.scenario_act TO pointstream_notifier;
GRANT UPDATE (state, reason, ended_at) ON notifier.scenario_act TO pointstream_notifier;
GRANT SELECT ON notifier.scenario_act TO pointstream_gateway, pointstream_operator;

-- What messages propose: products by what members buy, and rewards that they can have.
CREATE POLICY pointstream_notifier_works ON earning.member_day TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON redemption.reward TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON redemption.stock TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON redemption.reward_use TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON redemption.reward_order TO pointstream_notifier USING (true);
GRANT USAGE ON SCHEMA earning, redemption TO pointstream_notifier;
GRANT SELECT ON earning.member_day, redemption.reward, redemption.stock, redemption.reward_use, redemption.reward_order
    TO pointstream_notifier;

-- Makes the partitions of a month, where they are not there and nothing of it lies in the rest. Called by the notifier ahead of time.
CREATE OR REPLACE FUNCTION notifier.keep_month(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_from date := date_trunc('month', p_day)::date;
    v_to date := (date_trunc('month', p_day) + interval '1 month')::date;
    v_table text;
    v_name text;
    v_made boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('notifier.keep_month'));
    FOREACH v_table IN ARRAY ARRAY['delivery', 'scenario_act'] LOOP
        v_name := v_table || '_' || to_char(v_from, 'YYYY_MM');
        CONTINUE WHEN to_regclass('notifier.' || v_name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE notifier.%I PARTITION OF notifier.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 70)',
                           v_name, v_table, v_from, v_to);
            EXECUTE format('ALTER TABLE notifier.%I ENABLE ROW LEVEL SECURITY', v_name);
            EXECUTE format('ALTER TABLE notifier.%I FORCE ROW LEVEL SECURITY', v_name);
            EXECUTE format('CREATE POLICY tenant_only ON notifier.%I USING (tenant_id = platform.current_tenant())', v_name);
            v_made := true;
        EXCEPTION
            WHEN check_violation THEN
                NULL; -- something of the month lies in the rest, and stays there
        END;
    END LOOP;
    RETURN v_made;
END $$;

-- Drops the deliveries and steps of a month as a whole; never row by row.
CREATE OR REPLACE FUNCTION notifier.drop_month(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_month text := to_char(date_trunc('month', p_day), 'YYYY_MM');
    v_table text;
    v_dropped boolean := false;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['delivery', 'scenario_act'] LOOP
        IF to_regclass('notifier.' || v_table || '_' || v_month) IS NOT NULL THEN
            EXECUTE format('DROP TABLE notifier.%I', v_table || '_' || v_month);
            v_dropped := true;
        END IF;
    END LOOP;
    RETURN v_dropped;
END $$;
