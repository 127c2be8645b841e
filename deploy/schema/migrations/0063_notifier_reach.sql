-- Months of deliveries and steps of scenarios are made as far ahead as programmes plan; what came too early for that goes there.

-- Makes the partitions of a month, where they are not there; what lies in the rest of it moves. Called by the notifier ahead of time.
CREATE OR REPLACE FUNCTION notifier.keep_month(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_from date := date_trunc('month', p_day)::date;
    v_to date := (date_trunc('month', p_day) + interval '1 month')::date;
    v_table text;
    v_name text;
    v_rest text;
    v_made boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('notifier.keep_month'));
    FOREACH v_table IN ARRAY ARRAY['delivery', 'scenario_act'] LOOP
        v_name := v_table || '_' || to_char(v_from, 'YYYY_MM');
        v_rest := v_table || '_rest';
        CONTINUE WHEN to_regclass('notifier.' || v_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE notifier.%I (LIKE notifier.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (fillfactor = 70)',
                       v_name, v_table);
        -- Nobody else reads or writes the rest until the end: the owner sees the rows of all companies there.
        EXECUTE format('ALTER TABLE notifier.%I NO FORCE ROW LEVEL SECURITY', v_rest);
        EXECUTE format('WITH moved AS (DELETE FROM notifier.%I WHERE occasion_on >= %L AND occasion_on < %L RETURNING *) '
                       'INSERT INTO notifier.%I SELECT * FROM moved', v_rest, v_from, v_to, v_name);
        EXECUTE format('ALTER TABLE notifier.%I FORCE ROW LEVEL SECURITY', v_rest);
        EXECUTE format('ALTER TABLE notifier.%I ENABLE ROW LEVEL SECURITY', v_name);
        EXECUTE format('ALTER TABLE notifier.%I FORCE ROW LEVEL SECURITY', v_name);
        EXECUTE format('CREATE POLICY tenant_only ON notifier.%I USING (tenant_id = platform.current_tenant())', v_name);
        EXECUTE format('ALTER TABLE notifier.%I ATTACH PARTITION notifier.%I FOR VALUES FROM (%L) TO (%L)',
                       v_table, v_name, v_from, v_to);
        v_made := true;
    END LOOP;
    RETURN v_made;
END $$;

-- Who has tried how many letters of late: there is a limit to it.
CREATE INDEX own_letter_tried ON notifier.own_letter (tenant_id, asked_by, asked_at) WHERE kind = 'test';

-- From when an endpoint asks for its types. What was told before is read again, and not told twice.
ALTER TABLE notifier.webhook_endpoint ADD COLUMN asked_at timestamptz;
UPDATE notifier.webhook_endpoint SET asked_at = state_at;
ALTER TABLE notifier.webhook_endpoint ALTER COLUMN asked_at SET NOT NULL;
GRANT UPDATE (asked_at) ON notifier.webhook_endpoint TO pointstream_gateway, pointstream_operator;

-- The topics that are read for endpoints: those that some endpoint asks for, from when the first one did.
CREATE TABLE notifier.webhook_topic (
    topic text PRIMARY KEY,
    since timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON notifier.webhook_topic TO pointstream_notifier;

-- Scenarios that somebody asks to be tried on what happened: asked through the door, carried out by the notifier, one after the other.
-- `scenarios` are those of the document, or others in their place; `result` says how they would have gone, by language.
CREATE TABLE notifier.simulation (
    tenant_id int NOT NULL,
    simulation_id uuid NOT NULL,
    programme_id int NOT NULL,
    days smallint NOT NULL CHECK (days BETWEEN 1 AND 366),
    scenarios jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts smallint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    result jsonb,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, simulation_id),
    CHECK ((lease_until IS NOT NULL) = (state = 'running')),
    CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'failed'))),
    CHECK ((result IS NOT NULL) = (state = 'done'))
);
CREATE INDEX simulation_open ON notifier.simulation (asked_at) WHERE state IN ('waiting', 'running');

SELECT platform.protect('notifier.simulation', ARRAY['pointstream_operator', 'pointstream_notifier']);
GRANT SELECT, INSERT ON notifier.simulation TO pointstream_gateway;
GRANT SELECT, DELETE, UPDATE (state, attempts, lease_until, result, ended_at) ON notifier.simulation TO pointstream_notifier;
CREATE POLICY pointstream_notifier_works ON vault.profile TO pointstream_notifier USING (true);
GRANT SELECT ON vault.profile TO pointstream_notifier;

-- Messages about where a member is take a consent of their own.
ALTER TABLE notifier.delivery DROP CONSTRAINT delivery_purpose_check;
ALTER TABLE notifier.delivery ADD CONSTRAINT delivery_purpose_check
    CHECK (purpose IN ('service', 'marketing', 'profiling', 'location'));

-- Messages to many that follow from the programme: promotions of which members are told when they begin.
GRANT INSERT, UPDATE (sent_by, sent_at, approval_above) ON notifier.mass TO pointstream_notifier;
