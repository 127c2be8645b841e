-- What members are told: a row for each message and channel on its way, what came back of it, and, without a provider, what
-- would have been sent.

-- One row a member, message, occasion and channel: an occasion is told once, whatever repeats. Partitioned by the day of the
-- occasion, which follows from its event, so that the key holds across partitions.
--   route        the channels that come after this one, should nobody be reached by it
--   place        how many were tried before it
--   useful_until of no use to the member from then on: it is dropped
--   follow_at    when the next channel is tried unless the member is known to have seen this one
--   trail        every decision and answer, the last ones of many
CREATE TABLE notifier.delivery (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    message text NOT NULL,
    occasion text NOT NULL,
    channel text NOT NULL,
    occasion_on date NOT NULL,
    delivery_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('service', 'marketing', 'profiling')),
    route text[] NOT NULL,
    place smallint NOT NULL,
    spread int NOT NULL, -- Kafka's hash of the member id
    facts jsonb NOT NULL, -- what the event says; no personal data
    state text NOT NULL CHECK (state IN ('waiting', 'postponed', 'sending', 'handed', 'delivered', 'opened', 'clicked',
                                         'bounced', 'failed', 'suppressed')),
    due_at timestamptz NOT NULL,
    useful_until timestamptz,
    follow_at timestamptz,
    queued_at timestamptz NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    epoch int NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    lapses smallint NOT NULL DEFAULT 0, -- leases that ended without an answer: what kills its worker is set aside
    reason text,
    detail text,
    language text,
    provider_id text,
    digest bytea, -- of the address it went to
    handed_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,
    ended_at timestamptz, -- when it came back, failed or was suppressed
    trail jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on),
    CHECK ((ended_at IS NOT NULL) = (state IN ('bounced', 'failed', 'suppressed'))),
    CHECK (handed_at IS NOT NULL OR state NOT IN ('handed', 'delivered', 'opened', 'clicked', 'bounced')),
    CHECK ((lease_until IS NOT NULL) = (state = 'sending'))
) PARTITION BY RANGE (occasion_on);
CREATE INDEX delivery_due ON notifier.delivery (channel, due_at) WHERE state IN ('waiting', 'postponed');
CREATE INDEX delivery_held ON notifier.delivery (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_follows ON notifier.delivery (follow_at) WHERE follow_at IS NOT NULL;
CREATE INDEX delivery_named ON notifier.delivery (delivery_id);
CREATE TABLE notifier.delivery_rest PARTITION OF notifier.delivery DEFAULT;
ALTER TABLE notifier.delivery_rest SET (fillfactor = 70);

-- What is heard of messages after they were handed over: by whom the provider calls, from bounces, from links. Told by whoever
-- hears it, applied by the notifier in its order. `delivery_id` may be missing where only the address is known.
CREATE TABLE notifier.feedback (
    tenant_id int NOT NULL,
    feedback_id uuid NOT NULL,
    delivery_id uuid,
    digest bytea,
    kind text NOT NULL CHECK (kind IN ('delivered', 'opened', 'clicked', 'bounced', 'complained', 'failed')),
    reason text NOT NULL,
    dead boolean NOT NULL, -- nothing is written to the address any more
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    applied_at timestamptz,
    PRIMARY KEY (tenant_id, feedback_id),
    CHECK (delivery_id IS NOT NULL OR digest IS NOT NULL)
);
CREATE INDEX feedback_open ON notifier.feedback (recorded_at) WHERE applied_at IS NULL;

-- What would have been handed over, on a platform without a provider for the channel: shown to people, sealed in between.
CREATE TABLE notifier.captured (
    tenant_id int NOT NULL,
    delivery_id uuid NOT NULL,
    channel text NOT NULL,
    captured_at timestamptz NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, delivery_id)
);
CREATE INDEX captured_recent ON notifier.captured (tenant_id, captured_at DESC);

-- Makes the partition of a month, if it is not there and nothing of it lies in the rest. Called by the notifier ahead of time.
CREATE FUNCTION notifier.keep_month(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_from date := date_trunc('month', p_day)::date;
    v_to date := (date_trunc('month', p_day) + interval '1 month')::date;
    v_name text := 'delivery_' || to_char(v_from, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('notifier.keep_month'));
    IF to_regclass('notifier.' || v_name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE notifier.%I PARTITION OF notifier.delivery FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 70)',
                   v_name, v_from, v_to);
    EXECUTE format('ALTER TABLE notifier.%I ENABLE ROW LEVEL SECURITY', v_name);
    EXECUTE format('ALTER TABLE notifier.%I FORCE ROW LEVEL SECURITY', v_name);
    EXECUTE format('CREATE POLICY tenant_only ON notifier.%I USING (tenant_id = platform.current_tenant())', v_name);
    RETURN true;
EXCEPTION
    WHEN check_violation THEN
        RETURN false; -- something of the month lies in the rest, and stays there
END $$;
REVOKE ALL ON FUNCTION notifier.keep_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifier.keep_month(date) TO pointstream_notifier, pointstream_operator;

-- Drops the deliveries of a month as a whole; never row by row.
CREATE FUNCTION notifier.drop_month(p_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_name text := 'delivery_' || to_char(date_trunc('month', p_day), 'YYYY_MM');
BEGIN
    IF to_regclass('notifier.' || v_name) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE notifier.%I', v_name);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION notifier.drop_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifier.drop_month(date) TO pointstream_operator;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.delivery', 'notifier.delivery_rest', 'notifier.feedback', 'notifier.captured']) AS name;
CREATE POLICY pointstream_notifier_works ON stream.dead_letter TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON ledger.member TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON ledger.lot TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON ledger.debt TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON members.tier_standing TO pointstream_notifier USING (true);

GRANT USAGE ON SCHEMA stream, ledger, members TO pointstream_notifier;
GRANT USAGE ON SCHEMA notifier TO pointstream_gateway;
GRANT SELECT, INSERT ON notifier.delivery, notifier.captured TO pointstream_notifier;
GRANT UPDATE (state, due_at, follow_at, attempts, epoch, holder, lease_until, lapses, reason, detail, language, provider_id, digest,
              handed_at, delivered_at, opened_at, clicked_at, ended_at, trail) ON notifier.delivery TO pointstream_notifier;
GRANT DELETE ON notifier.captured TO pointstream_notifier;
GRANT SELECT ON notifier.feedback TO pointstream_notifier;
GRANT UPDATE (applied_at) ON notifier.feedback TO pointstream_notifier;
GRANT SELECT ON ledger.member, ledger.lot, ledger.lot_now, ledger.debt, members.tier_standing TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_notifier;
GRANT SELECT, INSERT ON stream.outbox, stream.dead_letter TO pointstream_notifier;
-- The door looks, and tells what it hears.
GRANT SELECT ON notifier.delivery, notifier.captured TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON notifier.feedback TO pointstream_gateway;
