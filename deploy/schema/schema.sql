-- The schema as it stands, owner by owner: what to read. What runs are the numbered files in migrations/. A test makes a
-- database of each and compares them down to the last right: whoever changes one changes the other.
--
-- Owners: platform, stream, members, vault, ledger, earning, gateway, redemption, expiry, notifier. No foreign key crosses
-- owners. Everything belongs to the role pointstream_owner; the other roles are made before the schema, and none of them is
-- a superuser or passes row-level security by.

-- ==== platform =====================================================================================================
-- Tenants, programmes, sources: what every service reads, and operators write; versions and switches the door writes too.

CREATE SCHEMA platform;

CREATE TABLE platform.tenant (
    tenant_id int PRIMARY KEY CHECK (tenant_id > 0),
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL
);

CREATE TABLE platform.programme (
    tenant_id int NOT NULL REFERENCES platform.tenant,
    programme_id int NOT NULL CHECK (programme_id > 0),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (tenant_id, programme_id),
    UNIQUE (tenant_id, slug)
);

-- A version is judged by event time: the one in force is the last whose active_from is not after it. Who published it, why,
-- what it changed in a line, and which earlier version it takes up again.
CREATE TABLE platform.programme_version (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    version int NOT NULL CHECK (version > 0),
    active_from timestamptz NOT NULL,
    document jsonb NOT NULL,
    hash text NOT NULL,
    recorded_at timestamptz NOT NULL,
    published_by text CHECK (length(published_by) BETWEEN 1 AND 128),
    note text CHECK (length(note) BETWEEN 1 AND 1000),
    summary text,
    restores int CHECK (restores > 0 AND restores < version),
    PRIMARY KEY (tenant_id, programme_id, version),
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- A registered source names its tenant; the longest prefix that ends at a segment wins. A mapping says how the plain JSON
-- of this source is read; without one it speaks CloudEvents.
CREATE TABLE platform.source (
    source_prefix text PRIMARY KEY CHECK (source_prefix ~ '^/[^ ]*[^/ ]$' AND source_prefix !~ '^/pointstream(/|$)'),
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mapping jsonb,
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- The longest prefix of a source names the tenant. Were one tenant's prefix below another's, what the other may write
-- would be taken for the first one's; so the door may rely on a tenant's own prefixes alone.
CREATE FUNCTION platform.refuse_foreign_source() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('platform.source', 0));
    IF EXISTS (SELECT FROM platform.source s
               WHERE s.tenant_id <> NEW.tenant_id
                 AND (starts_with(s.source_prefix, NEW.source_prefix || '/')
                      OR starts_with(NEW.source_prefix, s.source_prefix || '/'))) THEN
        RAISE EXCEPTION 'the source % lies above or below one of another tenant', NEW.source_prefix
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_foreign_source BEFORE INSERT OR UPDATE ON platform.source
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_foreign_source();

-- What one unit of a currency is worth in the programme's own, times 10^9. Never changed: a correction is a new version.
-- A receipt takes the last rate that was valid at its time, and of several the highest version.
CREATE TABLE platform.exchange_rate (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version int NOT NULL CHECK (version > 0),
    rate_e9 bigint NOT NULL CHECK (rate_e9 > 0),
    valid_from timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, currency, version),
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- What the running transaction may see; unset means nothing.
CREATE FUNCTION platform.current_tenant() RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('pointstream.tenant', true), '')::int;

-- Row-level security on a table with a tenant: people see the tenant of their request, stream workers see all.
CREATE FUNCTION platform.protect(p_table regclass, p_workers text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    worker text;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY tenant_only ON %s USING (tenant_id = platform.current_tenant())', p_table);
    FOREACH worker IN ARRAY p_workers LOOP
        EXECUTE format('CREATE POLICY %I ON %s TO %I USING (true)', worker || '_works', p_table, worker);
    END LOOP;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption',
                                              'pointstream_expiry', 'pointstream_notifier'])
FROM unnest(ARRAY['platform.tenant', 'platform.programme', 'platform.programme_version', 'platform.source',
                  'platform.exchange_rate']) AS name;

GRANT USAGE ON SCHEMA platform TO pointstream_operator, pointstream_earning, pointstream_redemption,
    pointstream_expiry, pointstream_notifier, pointstream_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA platform TO pointstream_operator, pointstream_earning, pointstream_redemption,
    pointstream_expiry, pointstream_notifier, pointstream_gateway;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA platform TO pointstream_operator;
GRANT DELETE ON platform.source TO pointstream_operator;

-- A version, and the rates that come with it, are added by whoever may publish rules, under the row-level security of the tenant, and is never changed.
GRANT INSERT ON platform.programme_version, platform.exchange_rate TO pointstream_gateway;

-- What may not pay, whatever the document says: from off_at until somebody turns it on again. Counted through for each
-- programme, in the order in which they were turned off.
CREATE TABLE platform.kill_switch (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    turn int NOT NULL CHECK (turn > 0),
    kind text NOT NULL CHECK (kind IN ('everything', 'campaign', 'effect', 'store', 'partner', 'channel')),
    value text NOT NULL CHECK (length(value) <= 64 AND (kind = 'everything') = (value = '')),
    off_at timestamptz NOT NULL,
    off_by text NOT NULL CHECK (length(off_by) BETWEEN 1 AND 128),
    off_note text CHECK (length(off_note) BETWEEN 1 AND 1000),
    on_at timestamptz CHECK (on_at >= off_at),
    on_by text CHECK (length(on_by) BETWEEN 1 AND 128),
    on_note text CHECK (length(on_note) BETWEEN 1 AND 1000),
    PRIMARY KEY (tenant_id, programme_id, turn),
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme,
    CHECK ((on_at IS NULL) = (on_by IS NULL) AND (on_at IS NOT NULL OR on_note IS NULL))
);
CREATE UNIQUE INDEX kill_switch_off ON platform.kill_switch (tenant_id, programme_id, kind, value) WHERE on_at IS NULL;

SELECT platform.protect('platform.kill_switch', ARRAY['pointstream_operator', 'pointstream_earning']);
GRANT SELECT, INSERT ON platform.kill_switch TO pointstream_operator, pointstream_gateway, pointstream_earning;
GRANT UPDATE (on_at, on_by, on_note) ON platform.kill_switch TO pointstream_operator, pointstream_gateway;

-- A page without a key names a company; whoever knows the name may learn the number that it has, and no other.
CREATE POLICY named ON platform.tenant FOR SELECT TO pointstream_gateway
    USING (slug = nullif(current_setting('pointstream.company', true), ''));

-- ==== stream =======================================================================================================
-- Positions, outbox and dead letters: the plumbing of exactly-once, without a business noun.

CREATE SCHEMA stream;

-- The consumed position of a partition. Moved by compare-and-set in the transaction that holds the effects.
CREATE TABLE stream.position (
    consumer text NOT NULL,
    topic text NOT NULL,
    part int NOT NULL CHECK (part >= 0),
    cluster_id text NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    epoch bigint NOT NULL,
    owner text NOT NULL,
    bad_streak int NOT NULL DEFAULT 0,
    recent_seen int NOT NULL DEFAULT 0,
    recent_bad int NOT NULL DEFAULT 0,
    halted_at timestamptz,
    halt_reason text,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, topic, part)
) WITH (fillfactor = 50);

-- One row a shard: where its numbering stands, up to where it is published, and who may publish it.
CREATE TABLE stream.outbox_shard (
    shard text PRIMARY KEY,
    next_seq bigint NOT NULL DEFAULT 1,
    published_seq bigint NOT NULL DEFAULT 0 CHECK (published_seq < next_seq),
    epoch bigint NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz
) WITH (fillfactor = 50);

-- Events seq .. seq + count - 1 of a shard for one topic, framed and compressed by the writer.
CREATE TABLE stream.outbox (
    shard text NOT NULL,
    seq bigint NOT NULL,
    count int NOT NULL CHECK (count > 0),
    topic text NOT NULL,
    recorded_at timestamptz NOT NULL,
    events bytea NOT NULL,
    PRIMARY KEY (shard, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE stream.outbox_rest PARTITION OF stream.outbox DEFAULT;
-- The writer compresses already; a second try only costs.
ALTER TABLE stream.outbox_rest ALTER COLUMN events SET STORAGE EXTERNAL;

-- A record that can't be applied: why, where it stood, and its bytes under seal.
CREATE TABLE stream.dead_letter (
    letter_id uuid PRIMARY KEY,
    consumer text NOT NULL,
    tenant_id int,
    topic text NOT NULL,
    part int NOT NULL,
    record_offset bigint NOT NULL,
    record_time timestamptz NOT NULL,
    reason text NOT NULL,
    field text NOT NULL,
    detail text NOT NULL,
    attempts int NOT NULL CHECK (attempts > 0),
    sealed_key bytea,
    sealed_value bytea NOT NULL,
    sealed_headers bytea,
    recorded_at timestamptz NOT NULL,
    replayed_at timestamptz
);
CREATE INDEX dead_letter_recent ON stream.dead_letter (recorded_at DESC, letter_id);

-- Takes partitions over: a higher epoch fences whoever held them. A position not yet known starts at start_offset.
-- The shard of a partition shares its fate, so it is claimed with it.
CREATE FUNCTION stream.claim(
    p_consumer text, p_owner text, p_cluster text, p_now timestamptz, p_lease_until timestamptz,
    p_topics text[], p_parts int[], p_topic_ids text[], p_starts bigint[], p_shards text[]
) RETURNS TABLE (
    topic text, part int, next_offset bigint, epoch bigint, cluster_id text, topic_id text, halt_reason text,
    bad_streak int, recent_seen int, recent_bad int, published_seq bigint
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS (
        SELECT * FROM unnest(p_topics, p_parts, p_topic_ids, p_starts, p_shards)
            AS w(topic, part, topic_id, start_offset, shard)
        ORDER BY w.topic, w.part
    ), claimed AS (
        INSERT INTO stream.position AS p
            (consumer, topic, part, cluster_id, topic_id, next_offset, epoch, owner, moved_at)
        SELECT p_consumer, w.topic, w.part, p_cluster, w.topic_id, w.start_offset, 1, p_owner, p_now FROM wanted w
        ON CONFLICT (consumer, topic, part) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner
        RETURNING p.*
    ), shards AS (
        INSERT INTO stream.outbox_shard AS s (shard, epoch, holder, lease_until)
        SELECT w.shard, c.epoch, p_owner, p_lease_until FROM wanted w JOIN claimed c USING (topic, part)
        ON CONFLICT (shard) DO UPDATE
            SET epoch = excluded.epoch, holder = excluded.holder, lease_until = excluded.lease_until
        RETURNING s.shard, s.published_seq
    )
    SELECT c.topic, c.part, c.next_offset, c.epoch, c.cluster_id, c.topic_id, c.halt_reason,
           c.bad_streak, c.recent_seen, c.recent_bad, s.published_seq
    FROM claimed c JOIN wanted w USING (topic, part) JOIN shards s ON s.shard = w.shard;
END $$;

-- Moves positions by compare-and-set and says which moved; the others are fenced, and their records must be dropped.
-- A halt is stored with the move, so it survives the worker that decided it.
CREATE FUNCTION stream.advance(
    p_consumer text, p_now timestamptz, p_topics text[], p_parts int[], p_froms bigint[], p_tos bigint[],
    p_epochs bigint[], p_streaks int[], p_seen int[], p_bad int[], p_halts text[]
) RETURNS boolean[]
LANGUAGE plpgsql AS $$
DECLARE
    moved boolean[];
BEGIN
    PERFORM 1 FROM stream.position p JOIN unnest(p_topics, p_parts) AS v(topic, part) USING (topic, part)
    WHERE p.consumer = p_consumer ORDER BY p.topic, p.part FOR NO KEY UPDATE OF p;

    WITH span AS (
        SELECT * FROM unnest(p_topics, p_parts, p_froms, p_tos, p_epochs, p_streaks, p_seen, p_bad, p_halts)
            WITH ORDINALITY AS v(topic, part, was, becomes, epoch, streak, seen, bad, halt, ord)
    ), done AS (
        UPDATE stream.position p
        SET next_offset = v.becomes, moved_at = p_now, bad_streak = v.streak, recent_seen = v.seen, recent_bad = v.bad,
            halted_at = CASE WHEN v.halt IS NULL THEN NULL ELSE p_now END, halt_reason = v.halt
        FROM span v
        WHERE p.consumer = p_consumer AND p.topic = v.topic AND p.part = v.part
          AND p.next_offset = v.was AND p.epoch = v.epoch
        RETURNING v.ord
    )
    SELECT array_agg(d.ord IS NOT NULL ORDER BY s.ord) INTO moved FROM span s LEFT JOIN done d USING (ord);
    RETURN moved;
END $$;

-- Numbers events and stores them; called last in a transaction, so that within a shard commit order is seq order.
-- p_published moves the cursor of each shard along with it (what the caller knows to be acknowledged).
CREATE FUNCTION stream.enqueue(
    p_now timestamptz, p_shards text[], p_published bigint[],
    p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[]
) RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seqs bigint[];
BEGIN
    PERFORM 1 FROM stream.outbox_shard s WHERE s.shard = ANY (p_shards) ORDER BY s.shard FOR NO KEY UPDATE;

    WITH event_row AS (
        SELECT v.*, sum(v.count) OVER (PARTITION BY v.shard ORDER BY v.ord) - v.count AS ahead
        FROM unnest(p_row_shards, p_row_topics, p_row_counts, p_row_events)
            WITH ORDINALITY AS v(shard, topic, count, events, ord)
    ), total AS (
        SELECT shard, sum(count) AS count FROM event_row GROUP BY shard
    ), numbered AS (
        UPDATE stream.outbox_shard s
        SET next_seq = s.next_seq + coalesce(t.count, 0), published_seq = greatest(s.published_seq, k.published)
        FROM unnest(p_shards, p_published) AS k(shard, published) LEFT JOIN total t USING (shard)
        WHERE s.shard = k.shard
        RETURNING s.shard, s.next_seq - coalesce(t.count, 0) AS first_seq
    ), stored AS (
        INSERT INTO stream.outbox (shard, seq, count, topic, recorded_at, events)
        SELECT r.shard, n.first_seq + r.ahead, r.count, r.topic, p_now, r.events
        FROM event_row r JOIN numbered n USING (shard)
        RETURNING shard, seq
    )
    SELECT array_agg(n.first_seq + r.ahead ORDER BY r.ord) INTO seqs
    FROM event_row r JOIN numbered n USING (shard);
    RETURN coalesce(seqs, '{}');
END $$;

SELECT platform.protect('stream.dead_letter', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT USAGE ON SCHEMA stream TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE ON stream.position, stream.outbox_shard TO pointstream_earning;
GRANT SELECT, INSERT ON stream.outbox, stream.dead_letter TO pointstream_earning;
GRANT SELECT ON ALL TABLES IN SCHEMA stream TO pointstream_operator;
GRANT USAGE ON SCHEMA stream TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_redemption;
GRANT SELECT, INSERT ON stream.outbox TO pointstream_redemption;
-- The door's live page: how far workers and outbox are, and how many records were refused; nothing of what they held.
GRANT SELECT ON stream.position, stream.outbox_shard TO pointstream_gateway;
GRANT SELECT (tenant_id, topic, reason, recorded_at) ON stream.dead_letter TO pointstream_gateway;
-- An operator lifts halts and marks replays.
GRANT UPDATE (halted_at, halt_reason, bad_streak, recent_seen, recent_bad) ON stream.position TO pointstream_operator;
GRANT UPDATE (replayed_at) ON stream.dead_letter TO pointstream_operator;

-- ==== members ======================================================================================================
-- Who a member is to the programme: enrolment and identifiers. Personal data will lie in the vault, apart.

CREATE SCHEMA members;

CREATE TABLE members.member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    enrolled_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 90);

CREATE INDEX member_enrolled ON members.member (tenant_id, programme_id, enrolled_at, member_id);

-- Who shows this card is that member. A row without a member is an identifier seen before its enrolment: receipt and
-- enrolment both lock it, whichever comes first.
CREATE TABLE members.identifier (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    identifier text NOT NULL,
    member_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, identifier)
);
CREATE INDEX identifier_of_member ON members.identifier (tenant_id, programme_id, member_id) WHERE member_id IS NOT NULL;

-- Where a member stands in a tier set: the level (NULL: below the lowest), since when, until when it holds, as seen from
-- which day it was reached, when the clock must look again (NULL: never), and the end that was told of ahead (NULL: none).
-- A level that a person gave is `given`.
CREATE TABLE members.tier_standing (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    tier_set text NOT NULL,
    level text,
    since timestamptz NOT NULL,
    until timestamptz,
    seen_on date NOT NULL,
    given boolean NOT NULL,
    due_at timestamptz,
    changes int NOT NULL,
    warned timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, tier_set)
) WITH (fillfactor = 85);
CREATE INDEX tier_due ON members.tier_standing (due_at) WHERE due_at IS NOT NULL;

-- Every change of a member's tier, numbered without gaps by member and set: never changed, never removed.
CREATE TABLE members.tier_change (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    tier_set text NOT NULL,
    number int NOT NULL,
    from_level text,
    to_level text,
    reason text NOT NULL,
    effective_at timestamptz NOT NULL,
    until timestamptz,
    programme_version int NOT NULL,
    figures jsonb NOT NULL,
    cause uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, tier_set, number)
);

-- The members of segments as they were decided last: what decisions see.
CREATE TABLE members.segment_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    segment text NOT NULL,
    entered_at timestamptz NOT NULL,
    programme_version int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, segment)
);
CREATE INDEX segment_members ON members.segment_member (tenant_id, programme_id, segment, member_id);

-- Every entry into a segment and every exit, numbered without gaps by member and segment: never removed. It is the outbox
-- of its event, told once told_at is set.
CREATE TABLE members.segment_change (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    segment text NOT NULL,
    number int NOT NULL,
    entered boolean NOT NULL,
    reason text NOT NULL,
    effective_at timestamptz NOT NULL,
    programme_version int NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, segment, number)
) WITH (fillfactor = 90);
CREATE INDEX segment_untold ON members.segment_change (effective_at, member_id, segment, number) WHERE told_at IS NULL;

-- When a member's segments must be looked at again, and why then: NULL for time alone. What is urgent, because something
-- was done, goes before what can wait.
CREATE TABLE members.segment_look (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    urgent boolean NOT NULL,
    reason text,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 70);
CREATE INDEX segment_due ON members.segment_look (due_at) WHERE NOT urgent;
CREATE INDEX segment_due_urgent ON members.segment_look (due_at) WHERE urgent;

-- Static lists as people keep them, whether or not the programme names them.
CREATE TABLE members.list_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    list text NOT NULL,
    member_id uuid NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, list, member_id)
);
CREATE INDEX lists_of_member ON members.list_member (tenant_id, programme_id, member_id);

-- How far everybody was marked to be looked at for the segments of a version: up to which member, and whether that is all.
-- An empty digest asks for it anew.
CREATE TABLE members.segment_pass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    rules text NOT NULL,
    programme_version int NOT NULL,
    after_member uuid,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['members.member', 'members.identifier', 'members.tier_standing', 'members.tier_change',
                  'members.segment_member', 'members.segment_change', 'members.segment_look', 'members.list_member',
                  'members.segment_pass']) AS name;

GRANT USAGE ON SCHEMA members TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON members.member, members.identifier, members.tier_standing, members.tier_change
    TO pointstream_earning;
GRANT UPDATE (member_id, recorded_at) ON members.identifier TO pointstream_earning;
GRANT UPDATE (level, since, until, seen_on, given, due_at, changes, warned) ON members.tier_standing TO pointstream_earning;
GRANT SELECT ON members.member, members.identifier, members.tier_standing, members.tier_change TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON members.segment_member TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (told_at) ON members.segment_change TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (due_at, urgent, reason), DELETE ON members.segment_look TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (rules, programme_version, after_member, done) ON members.segment_pass TO pointstream_earning;
GRANT SELECT ON members.list_member TO pointstream_earning;
GRANT USAGE ON SCHEMA members TO pointstream_redemption;
GRANT SELECT ON members.member, members.tier_standing, members.segment_member, members.list_member TO pointstream_redemption;
-- people keep lists, by the door and by the command line; whoever is put on one is looked at at once
GRANT SELECT ON members.segment_member, members.segment_change TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON members.list_member TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE (due_at, urgent, reason) ON members.segment_look TO pointstream_gateway, pointstream_operator;
-- the operator asks for everybody to be looked at again
GRANT UPDATE (rules) ON members.segment_pass TO pointstream_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA members TO pointstream_operator;

-- ==== vault ========================================================================================================
-- Personal data.

CREATE SCHEMA vault;

-- Every state that a member's profile was in, numbered from 1; the last is `present`. Decisions name the number that they
-- were made on and hold nothing of it, so that a receipt can be judged again as it first was. The birthday is the month
-- times 100 plus the day.
CREATE TABLE vault.profile (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    revision int NOT NULL,
    present boolean NOT NULL,
    birthday smallint,
    attributes jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, revision)
);
CREATE INDEX profile_present ON vault.profile (tenant_id, programme_id, member_id) WHERE present;
CREATE INDEX profile_birthday ON vault.profile (tenant_id, programme_id, birthday, member_id)
    WHERE present AND birthday IS NOT NULL;

SELECT platform.protect('vault.profile', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT USAGE ON SCHEMA vault TO pointstream_earning, pointstream_gateway, pointstream_notifier, pointstream_operator;
GRANT SELECT, INSERT ON vault.profile TO pointstream_earning;
GRANT UPDATE (present) ON vault.profile TO pointstream_earning;
GRANT SELECT ON vault.profile TO pointstream_gateway, pointstream_operator;

-- How members can be reached and what they agreed to. What names a person is sealed under a key of the member's own, which is
-- sealed by the platform's key: when it is destroyed, nobody reads any of it again, in whatever copy.

-- The key of a member's personal data, sealed; NULL before there is any, and once it was destroyed. Whoever writes to the
-- tables below holds this row.
CREATE TABLE vault.member_key (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    sealed_key bytea,
    made_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id),
    CHECK (destroyed_at IS NULL OR sealed_key IS NULL)
);

-- Whom to address, and how. Names are sealed; a text that was taken away is empty.
CREATE TABLE vault.person (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    given_name bytea,
    family_name bytea,
    language text,
    zone text,
    country text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
);

-- Where a channel reaches a member: the address is sealed, and found by its keyed digest. A dead one is written to no more;
-- it stays, so that the same address told again does not come back to life.
CREATE TABLE vault.contact (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    channel text NOT NULL,
    digest bytea NOT NULL,
    address bytea NOT NULL,
    alive boolean NOT NULL DEFAULT true,
    reason text,
    changed_at timestamptz NOT NULL,
    reached_at timestamptz,
    told_at timestamptz, -- when it was told last, where that was not the first time
    PRIMARY KEY (tenant_id, programme_id, member_id, channel, digest),
    CHECK (alive = (reason IS NULL))
);
CREATE INDEX contact_digest ON vault.contact (tenant_id, digest);

-- Every word of a member about a purpose and a channel, numbered from 1; the last by the time of saying is `present`.
CREATE TABLE vault.consent (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL,
    present boolean NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    given boolean NOT NULL,
    at timestamptz NOT NULL,
    source text NOT NULL,
    text_version text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, number)
);
CREATE UNIQUE INDEX consent_present ON vault.consent (tenant_id, programme_id, member_id, purpose, channel) WHERE present;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_notifier'])
FROM unnest(ARRAY['vault.member_key', 'vault.person', 'vault.contact', 'vault.consent']) AS name;

GRANT SELECT ON vault.member_key, vault.person, vault.contact, vault.consent
    TO pointstream_operator, pointstream_earning, pointstream_gateway, pointstream_notifier;
GRANT INSERT, UPDATE (sealed_key) ON vault.member_key
    TO pointstream_operator, pointstream_earning, pointstream_gateway, pointstream_notifier;
GRANT INSERT, UPDATE (given_name, family_name, language, zone, country, recorded_at) ON vault.person
    TO pointstream_operator, pointstream_earning, pointstream_gateway;
GRANT INSERT, DELETE, UPDATE (address) ON vault.contact TO pointstream_operator, pointstream_earning, pointstream_gateway;
GRANT UPDATE (alive, reason, changed_at) ON vault.contact TO pointstream_operator, pointstream_gateway, pointstream_notifier;
GRANT UPDATE (reached_at) ON vault.contact TO pointstream_notifier;
GRANT UPDATE (told_at) ON vault.contact TO pointstream_operator, pointstream_earning, pointstream_gateway;
GRANT INSERT, UPDATE (present) ON vault.consent
    TO pointstream_operator, pointstream_earning, pointstream_gateway, pointstream_notifier;
-- erases
GRANT UPDATE (destroyed_at) ON vault.member_key TO pointstream_operator;
GRANT DELETE ON vault.person TO pointstream_operator;

-- Holds the contact data of members, in the order of the whole platform, and returns their keys: those that they have, or
-- the ones offered. A key that was destroyed stays so.
CREATE FUNCTION vault.hold(p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_keys bytea[])
RETURNS SETOF vault.member_key
LANGUAGE sql VOLATILE AS $$
    INSERT INTO vault.member_key AS k (tenant_id, programme_id, member_id, sealed_key, made_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.sealed_key, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_keys) AS v(tenant_id, programme_id, member_id, sealed_key)
    ORDER BY v.tenant_id, v.programme_id, v.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
        SET sealed_key = CASE WHEN k.destroyed_at IS NULL THEN coalesce(k.sealed_key, excluded.sealed_key) END
    RETURNING k.*;
$$;

-- Saves addresses of members who are held, each once. Those that are `gone` go; where they take the place of what their channel
-- had (`p_instead`), that goes too. What is dead stays. One that was known is told anew.
CREATE FUNCTION vault.save_contacts(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_channels text[], p_digests bytea[],
    p_addresses bytea[], p_gone boolean[], p_instead boolean[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM vault.contact c
    USING (
        SELECT v.tenant_id, v.programme_id, v.member_id, v.channel, array_agg(v.digest) FILTER (WHERE NOT v.gone) AS kept,
               array_agg(v.digest) FILTER (WHERE v.gone) AS gone, bool_or(v.instead) AS instead
        FROM unnest(p_tenants, p_programmes, p_members, p_channels, p_digests, p_gone, p_instead)
            AS v(tenant_id, programme_id, member_id, channel, digest, gone, instead)
        GROUP BY v.tenant_id, v.programme_id, v.member_id, v.channel
    ) AS t
    WHERE c.tenant_id = t.tenant_id AND c.programme_id = t.programme_id AND c.member_id = t.member_id
      AND c.channel = t.channel AND c.alive
      AND (c.digest = ANY (t.gone) OR t.instead AND NOT c.digest = ANY (coalesce(t.kept, '{}')));
    INSERT INTO vault.contact (tenant_id, programme_id, member_id, channel, digest, address, changed_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.channel, v.digest, v.address, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_channels, p_digests, p_addresses, p_gone)
        AS v(tenant_id, programme_id, member_id, channel, digest, address, gone)
    WHERE NOT v.gone
    ON CONFLICT (tenant_id, programme_id, member_id, channel, digest) DO UPDATE
        SET address = excluded.address, told_at = p_now;
END $$;

-- Records words of members, in their order, and returns how many are no repeats of what stands. A word said in the future was
-- said now. Whichever was said last counts, whatever the order in which they come; of two at once the one that refuses.
CREATE FUNCTION vault.record_consents(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_purposes text[], p_channels text[],
    p_given boolean[], p_at timestamptz[], p_sources text[], p_texts text[]
) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    recorded int;
BEGIN
    PERFORM vault.hold(p_now, array_agg(m.tenant_id), array_agg(m.programme_id), array_agg(m.member_id), NULL)
    FROM (SELECT DISTINCT v.* FROM unnest(p_tenants, p_programmes, p_members) AS v(tenant_id, programme_id, member_id)) AS m;
    INSERT INTO vault.consent (tenant_id, programme_id, member_id, number, present, purpose, channel, given, at, source,
                               text_version, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.member_id,
           coalesce(b.number, 0) + row_number() OVER (PARTITION BY v.tenant_id, v.programme_id, v.member_id ORDER BY v.ord),
           false, v.purpose, v.channel, v.given, least(v.at, p_now), v.source, v.text_version, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_purposes, p_channels, p_given, p_at, p_sources, p_texts)
        WITH ORDINALITY AS v(tenant_id, programme_id, member_id, purpose, channel, given, at, source, text_version, ord)
    LEFT JOIN LATERAL (
        SELECT max(c.number) AS number FROM vault.consent c
        WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
    ) AS b ON true
    WHERE NOT EXISTS (
        SELECT FROM vault.consent c
        WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
          AND c.purpose = v.purpose AND c.channel = v.channel AND c.present
          AND c.given = v.given AND c.at = v.at AND c.source = v.source AND c.text_version = v.text_version
    );
    GET DIAGNOSTICS recorded = ROW_COUNT;
    UPDATE vault.consent c SET present = false
    FROM vault.last_words(p_tenants, p_programmes, p_members, p_purposes, p_channels) AS w
    WHERE c.tenant_id = w.tenant_id AND c.programme_id = w.programme_id AND c.member_id = w.member_id
      AND c.purpose = w.purpose AND c.channel = w.channel AND c.present AND c.number <> w.number;
    UPDATE vault.consent c SET present = true
    FROM vault.last_words(p_tenants, p_programmes, p_members, p_purposes, p_channels) AS w
    WHERE c.tenant_id = w.tenant_id AND c.programme_id = w.programme_id AND c.member_id = w.member_id
      AND c.number = w.number AND NOT c.present;
    RETURN recorded;
END $$;

-- The last word on each of these purposes and channels of members.
CREATE FUNCTION vault.last_words(
    p_tenants int[], p_programmes int[], p_members uuid[], p_purposes text[], p_channels text[]
) RETURNS SETOF vault.consent
LANGUAGE sql VOLATILE AS $$
    SELECT c.*
    FROM (
        SELECT DISTINCT v.*
        FROM unnest(p_tenants, p_programmes, p_members, p_purposes, p_channels)
            AS v(tenant_id, programme_id, member_id, purpose, channel)
    ) AS v
    CROSS JOIN LATERAL (
        SELECT c.* FROM vault.consent c
        WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
          AND c.purpose = v.purpose AND c.channel = v.channel
        ORDER BY c.at DESC, c.given, c.number DESC
        LIMIT 1
    ) AS c;
$$;

-- ==== ledger =======================================================================================================
-- The points of members. Written once: only a lot's remainder and a head change after they are made.

CREATE SCHEMA ledger;

CREATE TYPE ledger.account AS ENUM (
    'pending', 'active', 'held', 'debt',
    'issued', 'redeemed', 'expired', 'reversed', 'transferred', 'adjusted', 'written_off'
);
CREATE TYPE ledger.kind AS ENUM (
    'credit', 'activate', 'redeem', 'restore', 'expire', 'waive', 'reverse', 'hold', 'release', 'commit',
    'transfer', 'adjust', 'repay', 'lend', 'fall_due'
);

-- The head of a member's ledger: the row that writers lock, the last number given to one of the member's movements, and
-- what every decision asks of a member.
CREATE TABLE ledger.member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    spread int NOT NULL, -- Kafka's hash of the member id: names its partition on every topic keyed by member
    tier text,
    activates_at timestamptz, -- when the first of the pending lots becomes active, or a loan falls due
    lapses_at timestamptz, -- when the first of the lots that have something left lapses
    owing boolean NOT NULL DEFAULT false,
    merged boolean NOT NULL DEFAULT false, -- into another member: nothing more comes into this ledger
    keeps jsonb, -- what spares its points at boundaries: spans of time by what says so, known ahead; NULL for nearly all
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 60);
CREATE INDEX member_to_activate ON ledger.member (activates_at) WHERE activates_at IS NOT NULL;

-- A movement that opens a lot and the lot itself, one row: what it began with is written once. Remaining, held, pending and
-- the present dates (NULL: as it began, infinity: never) follow the movements that touched it.
CREATE TABLE ledger.lot (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    held bigint NOT NULL DEFAULT 0 CHECK (held BETWEEN 0 AND remaining),
    earned_at timestamptz NOT NULL,
    active_from timestamptz NOT NULL,
    expires_at timestamptz CHECK (expires_at > active_from),
    recorded_at timestamptz NOT NULL,
    policy_version int NOT NULL,
    cause uuid NOT NULL, -- the inbox key of the event that earned it
    contributor uuid,
    opened_by ledger.kind NOT NULL DEFAULT 'credit' CHECK (opened_by IN ('credit', 'adjust', 'transfer')),
    pending boolean NOT NULL DEFAULT false,
    now_active_from timestamptz,
    now_expires_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, seq)
) WITH (fillfactor = 90);

-- Lots with the dates that they have now; no expiry is NULL here.
CREATE VIEW ledger.lot_now WITH (security_invoker = true) AS
SELECT tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at,
       coalesce(now_active_from, active_from) AS active_from,
       nullif(coalesce(now_expires_at, expires_at), 'infinity') AS expires_at,
       recorded_at, policy_version, cause, contributor, opened_by, pending
FROM ledger.lot;

-- What members owe, because points were taken back after they had been spent, or loans fell due; 0 when it was repaid. Beside it
-- what is lent and not due before `due_at`; `share` percent of each credit repays that. Follows the movements.
CREATE TABLE ledger.debt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    since timestamptz NOT NULL, -- when it last grew
    lent bigint NOT NULL DEFAULT 0 CHECK (lent >= 0),
    share int NOT NULL DEFAULT 0,
    due_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, wallet),
    CONSTRAINT debt_terms_check CHECK ((lent > 0) = (due_at IS NOT NULL) AND (lent > 0) = (share > 0))
);

-- Every movement that opens no lot.
CREATE TABLE ledger.movement (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    wallet text NOT NULL,
    kind ledger.kind NOT NULL CHECK (kind <> 'credit'),
    from_account ledger.account NOT NULL,
    to_account ledger.account NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    corrects bigint,
    cause uuid NOT NULL,
    moves_expiry boolean NOT NULL DEFAULT false,
    new_expires_at timestamptz, -- where it moves the expiry of its lots; NULL is never
    PRIMARY KEY (tenant_id, programme_id, member_id, seq),
    CHECK (from_account <> to_account OR kind IN ('waive', 'fall_due'))
);

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

-- What of a movement falls on which lot. That both are there `verify` checks: constraints would look for them one by one, which
-- takes longer than everything else that a sweep does.
CREATE TABLE ledger.allocation (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    lot_seq bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, seq, lot_seq)
);

-- All movements of all members, those that open lots included. What came from another member counts since it came.
CREATE VIEW ledger.journal WITH (security_invoker = true) AS
SELECT tenant_id, programme_id, member_id, seq, wallet, opened_by AS kind,
       CASE opened_by WHEN 'credit' THEN 'issued' WHEN 'adjust' THEN 'adjusted' ELSE 'transferred' END::ledger.account
           AS from_account,
       CASE WHEN active_from > CASE opened_by WHEN 'transfer' THEN recorded_at ELSE earned_at END
            THEN 'pending' ELSE 'active' END::ledger.account AS to_account,
       amount, CASE opened_by WHEN 'transfer' THEN recorded_at ELSE earned_at END AS effective_at,
       recorded_at, NULL::bigint AS corrects, cause
FROM ledger.lot
UNION ALL
SELECT tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account,
       amount, effective_at, recorded_at, corrects, cause
FROM ledger.movement;

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

-- How members whose ledger was in hand are saved, by every writer: movements other than their credits, lots that begin pending or from elsewhere, the
-- projections behind them. Rows come as JSON, for there are few of them; a lot is touched once, by what it is in the end.
-- The planner can't know how few, and would read whole tables.
CREATE FUNCTION ledger.save_lives(
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

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['ledger.member', 'ledger.lot', 'ledger.debt', 'ledger.movement', 'ledger.allocation', 'ledger.loan']) AS name;

GRANT USAGE ON SCHEMA ledger TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON ledger.member, ledger.lot, ledger.debt, ledger.movement, ledger.allocation TO pointstream_earning;
GRANT INSERT ON ledger.loan TO pointstream_earning, pointstream_redemption;
GRANT UPDATE (seq, tier, activates_at, lapses_at, owing, merged) ON ledger.member TO pointstream_earning;
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_earning;
GRANT UPDATE (amount, since, lent, share, due_at) ON ledger.debt TO pointstream_earning;
GRANT SELECT ON ledger.journal, ledger.lot_now TO pointstream_earning;
GRANT SELECT ON ledger.member, ledger.lot, ledger.debt, ledger.movement, ledger.allocation, ledger.loan, ledger.journal,
    ledger.lot_now TO pointstream_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO pointstream_operator;
-- redemption writes for the tenant of each request. It opens no lots, but saves as all writers do.
GRANT USAGE ON SCHEMA ledger TO pointstream_redemption;
GRANT SELECT ON ledger.lot_now, ledger.lot, ledger.member, ledger.debt TO pointstream_redemption;
GRANT INSERT ON ledger.lot, ledger.movement, ledger.allocation, ledger.debt TO pointstream_redemption;
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_redemption;
GRANT UPDATE (seq, activates_at, lapses_at, owing) ON ledger.member TO pointstream_redemption;
GRANT UPDATE (amount, since, lent, share, due_at) ON ledger.debt TO pointstream_redemption;
-- An operator rebuilds what follows from the movements.
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_operator;
GRANT UPDATE (seq, activates_at, lapses_at, owing) ON ledger.member TO pointstream_operator;
GRANT INSERT, DELETE ON ledger.debt TO pointstream_operator;

-- ==== earning ======================================================================================================
-- Which events earning has seen, what it decided, and the shared counters of campaigns.

CREATE SCHEMA earning;

CREATE SEQUENCE earning.page AS bigint;

-- Every accepted event, once. Not partitioned by time: an id that comes back after a border must still be known.
CREATE TABLE earning.inbox (
    tenant_id int NOT NULL,
    event_key uuid NOT NULL,
    body_hash bigint NOT NULL,
    page bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_key)
);

-- The facts and decisions of some of a batch's receipts, compressed together: JSON lines in the order of the batch.
CREATE TABLE earning.decision_page (
    tenant_id int NOT NULL,
    page bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, page, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE earning.decision_page_rest PARTITION OF earning.decision_page DEFAULT;
ALTER TABLE earning.decision_page_rest ALTER COLUMN body SET STORAGE EXTERNAL;

-- Events that moved nothing leave no movement; this keeps a member's history complete.
CREATE TABLE earning.unpaid_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    after_seq bigint NOT NULL,
    event_key uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('no_points', 'awaiting_operator', 'unchanged', 'refused')),
    PRIMARY KEY (tenant_id, programme_id, member_id, after_seq, event_key)
);

-- One row a receipt number of a store: what came under it first, where its decision lies, and whose it is. A return that
-- comes before its purchase makes the row, so that both wait for each other here. The story is there as soon as anything
-- but a plain purchase has happened.
CREATE TABLE earning.receipt (
    tenant_id int NOT NULL,
    receipt_key uuid NOT NULL,
    programme_id int NOT NULL,
    event_key uuid,
    page bigint,
    member_id uuid,
    story bytea,
    PRIMARY KEY (tenant_id, receipt_key)
) WITH (fillfactor = 90);

-- What was said under a receipt number beside its first purchase: returns, corrections, voids, claims, decisions. What is
-- about no receipt and nobody who is known, such as an activity of a stranger, stands under its own key.
CREATE TABLE earning.receipt_event (
    tenant_id int NOT NULL,
    receipt_key uuid NOT NULL,
    event_key uuid NOT NULL,
    PRIMARY KEY (tenant_id, receipt_key, event_key)
);

-- Receipts that nobody owns yet: of an unknown identifier, or without any.
CREATE TABLE earning.unclaimed_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    event_key uuid NOT NULL,
    identifiers text[] NOT NULL,
    receipt_number text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, receipt_key)
);
CREATE INDEX unclaimed_by_identifier ON earning.unclaimed_receipt USING gin (identifiers);
CREATE INDEX unclaimed_by_number ON earning.unclaimed_receipt (tenant_id, programme_id, receipt_number);

-- Receipts that no rule decides: they wait for an operator, or for an exchange rate.
CREATE TABLE earning.parked_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    member_id uuid,
    event_key uuid NOT NULL,
    reason text NOT NULL,
    currency text NOT NULL,
    store text,
    receipt_number text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, receipt_key)
);
CREATE INDEX parked_recent ON earning.parked_receipt (tenant_id, recorded_at DESC, receipt_key DESC);

-- What a campaign has given out under a shared limit.
CREATE TABLE earning.counter (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    counter_key text NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, counter_key)
) WITH (fillfactor = 50);

-- Limits that members share of which 80 or 100 percent are used, or were once: one row for each share of each period, told of
-- when `told_at` is there. What comes back later does not take it away, so nobody is told again.
CREATE TABLE earning.budget_reached (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    counter_key text NOT NULL,
    share smallint NOT NULL,
    most bigint NOT NULL,
    used bigint NOT NULL,
    reached_at timestamptz NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, counter_key, share, most)
);
CREATE INDEX budget_untold ON earning.budget_reached (reached_at) WHERE told_at IS NULL;

-- A projection of what stands of receipts and activities: one row a member and business day of the programme's zone, kept
-- for programmes that ask for it. A day on which nothing is left has no row. Parts are points by wallet, spend by category
-- and activities by name, those that are not 0; NULL for none.
CREATE TABLE earning.member_day (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    day date NOT NULL,
    visits int NOT NULL,
    spend_minor bigint NOT NULL,
    points bigint NOT NULL,
    parts jsonb,
    PRIMARY KEY (tenant_id, programme_id, member_id, day)
) WITH (fillfactor = 85);
-- Days are written about in the order in which they come, so whoever asks for some weeks of all members, as experiments do,
-- reads no others; such an index costs next to nothing to keep.
CREATE INDEX member_day_in_time ON earning.member_day
    USING brin (day) WITH (pages_per_range = 32, autosummarize = on);

-- Adds up two sets of parts.
CREATE FUNCTION earning.parts_added(p_one jsonb, p_other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(s.name, s.amount)
    FROM (
        SELECT e.key AS name, sum(e.value::bigint)::bigint AS amount
        FROM (SELECT * FROM jsonb_each_text(p_one) UNION ALL SELECT * FROM jsonb_each_text(p_other)) AS e(key, value)
        GROUP BY e.key
        HAVING sum(e.value::bigint) <> 0
    ) AS s
$$;

-- Adds what a batch's receipts and activities count for to their members' days; each day of a member stands once. The
-- transaction holds the members. `p_less` says that something is taken away, so that a day may come to nothing.
CREATE FUNCTION earning.count_days(
    p_tenants int[], p_programmes int[], p_members uuid[], p_days date[], p_visits int[], p_spend bigint[],
    p_points bigint[], p_parts jsonb[], p_less boolean
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO earning.member_day AS d (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.day, v.visits, v.spend_minor, v.points, v.parts
    FROM unnest(p_tenants, p_programmes, p_members, p_days, p_visits, p_spend, p_points, p_parts)
        AS v(tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
    ON CONFLICT (tenant_id, programme_id, member_id, day) DO UPDATE
        SET visits = d.visits + excluded.visits,
            spend_minor = d.spend_minor + excluded.spend_minor,
            points = d.points + excluded.points,
            parts = CASE WHEN excluded.parts IS NULL THEN d.parts WHEN d.parts IS NULL THEN excluded.parts
                         ELSE earning.parts_added(d.parts, excluded.parts) END;
    IF p_less THEN
        DELETE FROM earning.member_day d
        USING unnest(p_tenants, p_programmes, p_members, p_days) AS v(tenant_id, programme_id, member_id, day)
        WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
          AND d.day = v.day AND d.visits = 0 AND d.spend_minor = 0 AND d.points = 0 AND d.parts IS NULL;
    END IF;
END $$;

-- The start of every batch: move the positions, let the inbox decide what is new, and look whose the identifiers are.
--
-- Records come as columns, in order. What many of them share stands once, and is named by its number: a slot is a span,
-- a tenant and a page; a scope is a tenant and a programme, with its distinct identifiers joined by U+001F.
-- Answers are arrays in the order of what was asked:
--   moved      by span: false for a fenced one
--   late_…     the records that were known before, with the digest of the body that was taken then
--   owners     by identifier, scope after scope: NULL for one that nobody has yet
-- A function of several statements on purpose: under READ COMMITTED each takes its own snapshot, so the look after the
-- locks sees what the transaction that held them has done.
CREATE FUNCTION earning.begin_batch(
    p_consumer text, p_now timestamptz,
    p_topics text[], p_parts int[], p_froms bigint[], p_tos bigint[], p_epochs bigint[],
    p_streaks int[], p_seen int[], p_bad int[], p_halts text[],
    p_slot_spans int[], p_slot_tenants int[], p_slot_pages int[],
    p_record_slots int[], p_event_keys uuid[], p_body_hashes bigint[],
    p_scope_tenants int[], p_scope_programmes int[], p_scope_identifiers text[],
    OUT moved boolean[], OUT page_base bigint, OUT late_keys uuid[], OUT late_hashes bigint[],
    OUT owners uuid[]
)
LANGUAGE plpgsql AS $$
DECLARE
    fresh uuid[];
    span_moved boolean[];
    base bigint;
    ident_tenants int[];
    ident_programmes int[];
    identifiers text[];
BEGIN
    span_moved := stream.advance(p_consumer, p_now, p_topics, p_parts, p_froms, p_tos, p_epochs,
                                 p_streaks, p_seen, p_bad, p_halts);
    moved := span_moved;
    base := nextval('earning.page') * 4096;
    page_base := base;

    WITH new AS (
        INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
        SELECT p_slot_tenants[v.slot], v.event_key, v.body_hash, base + p_slot_pages[v.slot], p_now
        FROM unnest(p_record_slots, p_event_keys, p_body_hashes) AS v(slot, event_key, body_hash)
        WHERE span_moved[p_slot_spans[v.slot]]
        ORDER BY 1, 2
        ON CONFLICT (tenant_id, event_key) DO NOTHING
        RETURNING event_key
    )
    SELECT array_agg(event_key) INTO fresh FROM new;

    IF coalesce(cardinality(fresh), 0) < cardinality(p_event_keys) THEN
        SELECT array_agg(i.event_key), array_agg(i.body_hash) INTO late_keys, late_hashes
        FROM (
            SELECT p_slot_tenants[v.slot] AS tenant_id, v.event_key
            FROM unnest(p_record_slots, p_event_keys) AS v(slot, event_key)
            WHERE NOT EXISTS (SELECT FROM unnest(fresh) AS f(event_key) WHERE f.event_key = v.event_key)
        ) AS late
        JOIN earning.inbox i USING (tenant_id, event_key);
    END IF;

    SELECT array_agg(s.tenant_id ORDER BY s.ord, i.ord), array_agg(s.programme_id ORDER BY s.ord, i.ord),
           array_agg(i.identifier ORDER BY s.ord, i.ord)
    INTO ident_tenants, ident_programmes, identifiers
    FROM unnest(p_scope_tenants, p_scope_programmes, p_scope_identifiers)
        WITH ORDINALITY AS s(tenant_id, programme_id, joined, ord)
    CROSS JOIN LATERAL string_to_table(s.joined, E'\x1f') WITH ORDINALITY AS i(identifier, ord);

    SELECT array_agg(i.member_id ORDER BY v.ord) INTO owners
    FROM unnest(ident_tenants, ident_programmes, identifiers)
        WITH ORDINALITY AS v(tenant_id, programme_id, identifier, ord)
    LEFT JOIN members.identifier i USING (tenant_id, programme_id, identifier);

    IF array_position(owners, NULL) IS NOT NULL THEN
        -- An unknown identifier gets a row too: its enrolment, on another partition, then waits for this transaction,
        -- or this transaction for the enrolment, and looks again.
        INSERT INTO members.identifier (tenant_id, programme_id, identifier, recorded_at)
        SELECT v.tenant_id, v.programme_id, v.identifier, p_now
        FROM unnest(ident_tenants, ident_programmes, identifiers, owners)
            AS v(tenant_id, programme_id, identifier, owner)
        WHERE v.owner IS NULL
        ORDER BY v.tenant_id, v.programme_id, v.identifier
        ON CONFLICT (tenant_id, programme_id, identifier) DO UPDATE SET recorded_at = members.identifier.recorded_at;

        SELECT array_agg(i.member_id ORDER BY v.ord) INTO owners
        FROM unnest(ident_tenants, ident_programmes, identifiers)
            WITH ORDINALITY AS v(tenant_id, programme_id, identifier, ord)
        JOIN members.identifier i USING (tenant_id, programme_id, identifier);
    END IF;
END $$;

-- The second step of a batch: lock what its fresh records concern, in the order of the whole platform (receipt numbers,
-- members, shared counters), and then load.
--
-- A receipt is asked for with the event, page and member of its purchase, or without them by whatever follows a purchase.
--   known_…    the receipts that were there before, each once
--   head_…     the members asked for and those of the known receipts, each once, locked; not those who were merged
--   used       by counter key
CREATE FUNCTION earning.open_batch(
    p_receipt_tenants int[], p_receipt_programmes int[], p_receipt_keys uuid[], p_receipt_events uuid[],
    p_receipt_pages bigint[], p_receipt_members uuid[],
    p_tenants int[], p_programmes int[], p_members uuid[],
    p_counter_tenants int[], p_counter_programmes int[], p_counter_keys text[], p_lock_counters boolean,
    OUT known_tenants int[], OUT known_programmes int[], OUT known_keys uuid[], OUT known_events uuid[],
    OUT known_pages bigint[], OUT known_members uuid[], OUT known_stories bytea[],
    OUT head_tenants int[], OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[],
    OUT head_spreads int[], OUT head_tiers text[], OUT head_activates timestamptz[], OUT head_lapses timestamptz[],
    OUT head_owing boolean[],
    OUT used bigint[]
)
LANGUAGE plpgsql AS $$
DECLARE
    all_new boolean := false;
BEGIN
    -- Numbers that something came after are nearly always known, and all others new: asking and inserting apart cost least.
    -- What is known is locked before anything is inserted, by everybody.
    IF array_position(p_receipt_events, NULL) IS NOT NULL THEN
        SELECT array_agg(k.tenant_id), array_agg(k.programme_id), array_agg(k.receipt_key), array_agg(k.event_key),
               array_agg(k.page), array_agg(k.member_id), array_agg(k.story)
        INTO known_tenants, known_programmes, known_keys, known_events, known_pages, known_members, known_stories
        FROM (
            SELECT r.*
            FROM (
                SELECT v.tenant_id, v.receipt_key
                FROM unnest(p_receipt_tenants, p_receipt_keys, p_receipt_events) AS v(tenant_id, receipt_key, event_key)
                WHERE v.event_key IS NULL
                ORDER BY v.tenant_id, v.receipt_key
            ) AS v
            CROSS JOIN LATERAL (
                SELECT r.* FROM earning.receipt r
                WHERE r.tenant_id = v.tenant_id AND r.receipt_key = v.receipt_key
                FOR NO KEY UPDATE
            ) AS r
        ) AS k;
    END IF;
    BEGIN
        INSERT INTO earning.receipt (tenant_id, programme_id, receipt_key, event_key, page, member_id)
        SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.page, v.member_id
        FROM unnest(p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages,
                    p_receipt_members) AS v(tenant_id, programme_id, receipt_key, event_key, page, member_id)
        WHERE v.event_key IS NOT NULL
           OR NOT EXISTS (SELECT 1 FROM unnest(known_tenants, known_keys) AS k(tenant_id, receipt_key)
                          WHERE k.tenant_id = v.tenant_id AND k.receipt_key = v.receipt_key)
        ORDER BY v.tenant_id, v.receipt_key;
        all_new := true;
    EXCEPTION WHEN unique_violation THEN
        all_new := false;
    END;
    IF NOT all_new THEN
        WITH asked AS (
            SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.page, v.member_id
            FROM unnest(p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages,
                        p_receipt_members) AS v(tenant_id, programme_id, receipt_key, event_key, page, member_id)
            ORDER BY v.tenant_id, v.receipt_key
        ), kept AS (
            INSERT INTO earning.receipt AS r (tenant_id, programme_id, receipt_key, event_key, page, member_id)
            SELECT a.tenant_id, a.programme_id, a.receipt_key, a.event_key, a.page, a.member_id FROM asked a
            ON CONFLICT (tenant_id, receipt_key) DO UPDATE SET programme_id = r.programme_id
            RETURNING r.tenant_id, r.programme_id, r.receipt_key, r.event_key, r.page, r.member_id, r.story,
                      r.xmax <> 0 AS known
        )
        SELECT array_agg(k.tenant_id), array_agg(k.programme_id), array_agg(k.receipt_key), array_agg(k.event_key),
               array_agg(k.page), array_agg(k.member_id), array_agg(k.story)
        INTO known_tenants, known_programmes, known_keys, known_events, known_pages, known_members, known_stories
        FROM kept k WHERE k.known;
    END IF;

    -- A row that had to be waited for comes back as its holder left it; other tables must be read by a later statement.
    SELECT array_agg(l.tenant_id), array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq),
           array_agg(l.spread), array_agg(l.tier), array_agg(l.activates_at), array_agg(l.lapses_at), array_agg(l.owing)
    INTO head_tenants, head_programmes, head_members, head_seqs, head_spreads, head_tiers, head_activates, head_lapses,
         head_owing
    FROM (
        SELECT m.tenant_id, m.programme_id, m.member_id, m.seq, m.spread, m.tier, m.activates_at, m.lapses_at, m.owing
        FROM (
            SELECT v.tenant_id, v.programme_id, v.member_id
            FROM unnest(p_tenants, p_programmes, p_members) AS v(tenant_id, programme_id, member_id)
            UNION
            SELECT v.tenant_id, v.programme_id, v.member_id
            FROM unnest(known_tenants, known_programmes, known_members) AS v(tenant_id, programme_id, member_id)
        ) AS known
        JOIN ledger.member m USING (tenant_id, programme_id, member_id)
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m
    ) AS l;

    -- Shared counters are read without a lock, and locked only when a batch is repeated because a limit was passed.
    IF p_lock_counters THEN
        INSERT INTO earning.counter (tenant_id, programme_id, counter_key, used)
        SELECT k.tenant_id, k.programme_id, k.counter_key, 0
        FROM unnest(p_counter_tenants, p_counter_programmes, p_counter_keys) AS k(tenant_id, programme_id, counter_key)
        ORDER BY k.tenant_id, k.programme_id, k.counter_key
        ON CONFLICT (tenant_id, programme_id, counter_key) DO UPDATE SET used = earning.counter.used;
    END IF;
    SELECT array_agg(coalesce(c.used, 0) ORDER BY k.ord) INTO used
    FROM unnest(p_counter_tenants, p_counter_programmes, p_counter_keys)
        WITH ORDINALITY AS k(tenant_id, programme_id, counter_key, ord)
    LEFT JOIN earning.counter c USING (tenant_id, programme_id, counter_key);
END $$;

-- How far a programme's members were told of the occasions that the clock brings: all before (at, place), and of that one
-- those up to `member_id` (who enrolled at `enrolled_at`, where they are read in that order), or all (`open` is false).
CREATE TABLE earning.occasion_clock (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    at timestamptz NOT NULL,
    place text NOT NULL,
    open boolean NOT NULL,
    enrolled_at timestamptz,
    member_id uuid,
    PRIMARY KEY (tenant_id, programme_id)
);

SELECT platform.protect('earning.occasion_clock', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT SELECT, INSERT, UPDATE (at, place, open, enrolled_at, member_id) ON earning.occasion_clock TO pointstream_earning;
GRANT SELECT ON earning.occasion_clock TO pointstream_operator;

-- What is known of the members that a batch has locked, of the programmes that ask (`p_asking_…`): when they enrolled, and the
-- present state of their profile, 0 for none. Called behind the locks: a profile that somebody has just told of stands as they
-- left it, for every statement of a volatile function sees what was committed by then.
CREATE FUNCTION earning.known_of(
    p_tenants int[], p_programmes int[], p_members uuid[], p_asking_tenants int[], p_asking_programmes int[],
    OUT profile_tenants int[], OUT profile_programmes int[], OUT profile_members uuid[],
    OUT profile_enrolled timestamptz[], OUT profile_revisions int[], OUT profile_birthdays smallint[],
    OUT profile_attributes text[]
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    SELECT array_agg(m.tenant_id), array_agg(m.programme_id), array_agg(m.member_id), array_agg(m.enrolled_at),
           array_agg(coalesce(p.revision, 0)), array_agg(p.birthday), array_agg(p.attributes::text)
    INTO profile_tenants, profile_programmes, profile_members, profile_enrolled, profile_revisions, profile_birthdays,
         profile_attributes
    FROM unnest(p_tenants, p_programmes, p_members) AS h(tenant_id, programme_id, member_id)
    JOIN unnest(p_asking_tenants, p_asking_programmes) AS a(tenant_id, programme_id) USING (tenant_id, programme_id)
    JOIN members.member m USING (tenant_id, programme_id, member_id)
    LEFT JOIN vault.profile p
           ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present;
END $$;

-- The end of every batch: decisions, and the effects of plain purchases.
-- What many lots share stands once, as a term, and is named by its number. A member's head follows its lots.
CREATE FUNCTION earning.save_batch(
    p_now timestamptz, p_page_base bigint,
    p_term_tenants int[], p_term_programmes int[], p_term_wallets text[], p_term_expires timestamptz[],
    p_term_versions int[],
    p_lot_terms int[], p_lot_members uuid[], p_lot_seqs bigint[], p_lot_amounts bigint[], p_lot_earned timestamptz[],
    p_lot_causes uuid[],
    p_page_tenants int[], p_page_numbers int[], p_page_bodies bytea[],
    p_unpaid_tenants int[], p_unpaid_programmes int[], p_unpaid_members uuid[], p_unpaid_after bigint[],
    p_unpaid_keys uuid[], p_unpaid_times timestamptz[], p_unpaid_outcomes text[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause)
    SELECT p_term_tenants[v.term], p_term_programmes[v.term], v.member_id, v.seq, p_term_wallets[v.term], v.amount,
           v.amount, v.earned_at, v.earned_at, p_term_expires[v.term], p_now, p_term_versions[v.term], v.cause
    FROM unnest(p_lot_terms, p_lot_members, p_lot_seqs, p_lot_amounts, p_lot_earned, p_lot_causes)
        AS v(term, member_id, seq, amount, earned_at, cause);

    UPDATE ledger.member m SET seq = v.seq, lapses_at = least(m.lapses_at, v.lapses_at)
    FROM (
        SELECT p_term_tenants[l.term] AS tenant_id, p_term_programmes[l.term] AS programme_id, l.member_id,
               max(l.seq) AS seq, min(p_term_expires[l.term]) AS lapses_at
        FROM unnest(p_lot_terms, p_lot_members, p_lot_seqs) AS l(term, member_id, seq)
        GROUP BY 1, 2, 3
    ) AS v
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;

    INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body)
    SELECT v.tenant_id, p_page_base + v.number, p_now, v.body
    FROM unnest(p_page_tenants, p_page_numbers, p_page_bodies) AS v(tenant_id, number, body);

    IF cardinality(p_unpaid_keys) > 0 THEN
        INSERT INTO earning.unpaid_receipt
            (tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, recorded_at, outcome)
        SELECT v.tenant_id, v.programme_id, v.member_id, v.after_seq, v.event_key, v.occurred_at, p_now, v.outcome
        FROM unnest(p_unpaid_tenants, p_unpaid_programmes, p_unpaid_members, p_unpaid_after, p_unpaid_keys,
                    p_unpaid_times, p_unpaid_outcomes)
            AS v(tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, outcome);
    END IF;
END $$;

-- The old name of `ledger.save_lives`, for workers of the version before.
CREATE FUNCTION earning.save_lives(
    p_now timestamptz, p_lots jsonb, p_movements jsonb, p_allocations jsonb, p_touched jsonb, p_debts jsonb, p_heads jsonb
) RETURNS void
LANGUAGE sql AS $$
    SELECT ledger.save_lives(p_now, p_lots, p_movements, p_allocations, p_touched, p_debts, p_heads)
$$;

-- What is told of receipts beside their points: their stories, who waits for a member, an operator or a rate.
CREATE FUNCTION earning.save_receipts(
    p_now timestamptz,
    p_tenants int[], p_keys uuid[], p_events uuid[], p_pages bigint[], p_members uuid[], p_stories bytea[],
    p_event_tenants int[], p_event_receipts uuid[], p_event_keys uuid[],
    p_settled_tenants int[], p_settled_programmes int[], p_settled_keys uuid[], p_unclaimed jsonb, p_parked jsonb,
    p_again_tenants int[], p_again_keys uuid[], p_again_pages bigint[]
) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    UPDATE earning.receipt r SET event_key = v.event_key, page = v.page, member_id = v.member_id, story = v.story
    FROM unnest(p_tenants, p_keys, p_events, p_pages, p_members, p_stories)
        AS v(tenant_id, receipt_key, event_key, page, member_id, story)
    WHERE r.tenant_id = v.tenant_id AND r.receipt_key = v.receipt_key;

    INSERT INTO earning.receipt_event (tenant_id, receipt_key, event_key)
    SELECT * FROM unnest(p_event_tenants, p_event_receipts, p_event_keys);

    -- A receipt that is decided anew, because somebody claimed it, is explained by its last decision.
    UPDATE earning.inbox i SET page = v.page
    FROM unnest(p_again_tenants, p_again_keys, p_again_pages) AS v(tenant_id, event_key, page)
    WHERE i.tenant_id = v.tenant_id AND i.event_key = v.event_key;

    DELETE FROM earning.unclaimed_receipt u
    USING unnest(p_settled_tenants, p_settled_programmes, p_settled_keys) AS v(tenant_id, programme_id, receipt_key)
    WHERE u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.receipt_key = v.receipt_key;
    DELETE FROM earning.parked_receipt u
    USING unnest(p_settled_tenants, p_settled_programmes, p_settled_keys) AS v(tenant_id, programme_id, receipt_key)
    WHERE u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.receipt_key = v.receipt_key;

    INSERT INTO earning.unclaimed_receipt
        (tenant_id, programme_id, receipt_key, event_key, identifiers, receipt_number, occurred_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.identifiers, v.receipt_number, v.occurred_at, p_now
    FROM jsonb_to_recordset(p_unclaimed) AS v(
        tenant_id int, programme_id int, receipt_key uuid, event_key uuid, identifiers text[], receipt_number text,
        occurred_at timestamptz);

    INSERT INTO earning.parked_receipt (tenant_id, programme_id, receipt_key, member_id, event_key, reason, currency, store,
                                        receipt_number, occurred_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.receipt_key, v.member_id, v.event_key, v.reason, v.currency, v.store,
           v.receipt_number, v.occurred_at, p_now
    FROM jsonb_to_recordset(p_parked) AS v(
        tenant_id int, programme_id int, receipt_key uuid, member_id uuid, event_key uuid, reason text, currency text,
        store text, receipt_number text, occurred_at timestamptz);
END $$;

-- Counts what campaigns have given out under shared limits, in key order, just before the outbox; what was taken back
-- counts below 0, and gives the allowance back. Notes limits of which a share to tell of is used by now; those of single
-- members, whose keys end in their id, are nobody else's business.
-- Raises PS001 when a limit would be passed: the caller repeats the batch with the counters locked.
CREATE FUNCTION earning.count_uses(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_keys text[], p_uses bigint[], p_limits bigint[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    within int;
BEGIN
    WITH counted AS (
        INSERT INTO earning.counter AS c (tenant_id, programme_id, counter_key, used)
        SELECT v.tenant_id, v.programme_id, v.counter_key, v.uses
        FROM unnest(p_tenants, p_programmes, p_keys, p_uses) AS v(tenant_id, programme_id, counter_key, uses)
        ORDER BY v.tenant_id, v.programme_id, v.counter_key
        ON CONFLICT (tenant_id, programme_id, counter_key) DO UPDATE SET used = c.used + excluded.used
        RETURNING c.tenant_id, c.programme_id, c.counter_key, c.used
    ), now_used AS (
        SELECT counted.*, v.uses, v.most
        FROM counted JOIN unnest(p_tenants, p_programmes, p_keys, p_uses, p_limits)
            AS v(tenant_id, programme_id, counter_key, uses, most) USING (tenant_id, programme_id, counter_key)
    ), reached AS (
        INSERT INTO earning.budget_reached (tenant_id, programme_id, counter_key, share, most, used, reached_at)
        SELECT n.tenant_id, n.programme_id, n.counter_key, s.share, n.most, n.used, p_now
        FROM now_used n CROSS JOIN (VALUES (80), (100)) AS s(share)
        WHERE n.uses > 0 AND n.used * 100 >= n.most * s.share
          AND n.counter_key NOT LIKE '%|________-____-____-____-____________'
        ORDER BY n.tenant_id, n.programme_id, n.counter_key, s.share
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) INTO within FROM now_used n WHERE n.uses <= 0 OR n.used <= n.most;
    IF within < cardinality(p_keys) THEN
        RAISE EXCEPTION 'a shared limit would be passed' USING ERRCODE = 'PS001';
    END IF;
END $$;

-- The last step of a batch that used shared limits, in one call: what batches share is locked from here to the commit only.
-- Raises PS001 as earning.count_uses does.
CREATE FUNCTION earning.end_batch(
    p_now timestamptz, p_shards text[], p_published bigint[],
    p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[],
    p_tenants int[], p_programmes int[], p_keys text[], p_uses bigint[], p_limits bigint[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM earning.count_uses(p_now, p_tenants, p_programmes, p_keys, p_uses, p_limits);
    RETURN stream.enqueue(p_now, p_shards, p_published, p_row_shards, p_row_topics, p_row_counts, p_row_events);
END $$;

-- Ties identifiers to members (NULL: to nobody any longer); locks identifiers before members, as receipts do.
-- The caller has looked whose the identifiers are. Where that has changed since, nothing is done and the batch is repeated.
-- Within one call each identifier stands once.
CREATE FUNCTION earning.tie_identifiers(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_identifiers text[], p_were uuid[], p_become uuid[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    unchanged boolean;
BEGIN
    WITH locked AS (
        INSERT INTO members.identifier AS i (tenant_id, programme_id, identifier, member_id, recorded_at)
        SELECT v.tenant_id, v.programme_id, v.identifier, v.was, p_now
        FROM unnest(p_tenants, p_programmes, p_identifiers, p_were) AS v(tenant_id, programme_id, identifier, was)
        ORDER BY v.tenant_id, v.programme_id, v.identifier
        ON CONFLICT (tenant_id, programme_id, identifier) DO UPDATE SET recorded_at = excluded.recorded_at
        RETURNING i.tenant_id, i.programme_id, i.identifier, i.member_id
    )
    SELECT bool_and(l.member_id IS NOT DISTINCT FROM v.was) INTO unchanged
    FROM locked l JOIN unnest(p_tenants, p_programmes, p_identifiers, p_were)
        AS v(tenant_id, programme_id, identifier, was) USING (tenant_id, programme_id, identifier);
    IF NOT unchanged THEN
        RAISE EXCEPTION 'an identifier was taken meanwhile' USING ERRCODE = '40001';
    END IF;

    UPDATE members.identifier i SET member_id = v.becomes
    FROM unnest(p_tenants, p_programmes, p_identifiers, p_become) AS v(tenant_id, programme_id, identifier, becomes)
    WHERE i.tenant_id = v.tenant_id AND i.programme_id = v.programme_id AND i.identifier = v.identifier
      AND i.member_id IS DISTINCT FROM v.becomes;
END $$;

-- Enrols members, or gives those who are a new tier. Within one call each member stands once.
CREATE FUNCTION earning.enrol_members(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_spreads int[], p_tiers text[],
    p_times timestamptz[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.enrolled_at, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_times) AS v(tenant_id, programme_id, member_id, enrolled_at)
    ORDER BY v.tenant_id, v.programme_id, v.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO NOTHING;

    INSERT INTO ledger.member AS m (tenant_id, programme_id, member_id, spread, tier)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.spread, v.tier
    FROM unnest(p_tenants, p_programmes, p_members, p_spreads, p_tiers)
        AS v(tenant_id, programme_id, member_id, spread, tier)
    ORDER BY v.tenant_id, v.programme_id, v.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET tier = coalesce(excluded.tier, m.tier);
END $$;

-- Applies what is told of members, each once; the transaction holds the members. An attribute that is null goes, the others
-- that are not named stay, and so does a birthday that is NULL. What changes nothing makes no new state.
CREATE FUNCTION earning.tell_profiles(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_birthdays smallint[], p_attributes jsonb[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH told AS (
        SELECT v.tenant_id, v.programme_id, v.member_id, coalesce(p.revision, 0) AS revision,
               p.birthday AS old_birthday, coalesce(v.birthday, p.birthday) AS birthday,
               coalesce(p.attributes, '{}') AS old_attributes,
               jsonb_strip_nulls(coalesce(p.attributes, '{}') || v.attributes) AS attributes
        FROM unnest(p_tenants, p_programmes, p_members, p_birthdays, p_attributes)
            AS v(tenant_id, programme_id, member_id, birthday, attributes)
        LEFT JOIN vault.profile p
               ON p.tenant_id = v.tenant_id AND p.programme_id = v.programme_id AND p.member_id = v.member_id AND p.present
    ), changed AS (
        SELECT * FROM told t
        WHERE t.birthday IS DISTINCT FROM t.old_birthday OR t.attributes <> t.old_attributes
    ), past AS (
        UPDATE vault.profile p SET present = false
        FROM changed c
        WHERE p.tenant_id = c.tenant_id AND p.programme_id = c.programme_id AND p.member_id = c.member_id
          AND p.revision = c.revision
    )
    INSERT INTO vault.profile (tenant_id, programme_id, member_id, revision, present, birthday, attributes, recorded_at)
    SELECT c.tenant_id, c.programme_id, c.member_id, c.revision + 1, true, c.birthday, c.attributes, p_now
    FROM changed c;
END $$;

-- Saves where members stand in tier sets, the changes on the way there, and the tier that decisions see of each. The
-- transaction holds the members. Rows come as JSON, for there are few of them.
CREATE FUNCTION earning.save_tiers(p_now timestamptz, p_standings jsonb, p_changes jsonb, p_driven jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO members.tier_standing AS s
        (tenant_id, programme_id, member_id, tier_set, level, since, until, seen_on, given, due_at, warned, changes)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.tier_set, v.level, v.since, v.until, v.seen_on, v.given, v.due_at,
           v.warned, v.changes
    FROM jsonb_to_recordset(p_standings) AS v(
        tenant_id int, programme_id int, member_id uuid, tier_set text, level text, since timestamptz, until timestamptz,
        seen_on date, given boolean, due_at timestamptz, warned timestamptz, changes int)
    ON CONFLICT (tenant_id, programme_id, member_id, tier_set) DO UPDATE
        SET level = excluded.level, since = excluded.since, until = excluded.until, seen_on = excluded.seen_on,
            given = excluded.given, due_at = excluded.due_at, warned = excluded.warned, changes = excluded.changes;

    INSERT INTO members.tier_change (tenant_id, programme_id, member_id, tier_set, number, from_level, to_level, reason,
                                     effective_at, until, programme_version, figures, cause, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.tier_set, v.number, v.from_level, v.to_level, v.reason,
           v.effective_at, v.until, v.programme_version, v.figures, v.cause, p_now
    FROM jsonb_to_recordset(p_changes) AS v(
        tenant_id int, programme_id int, member_id uuid, tier_set text, number int, from_level text, to_level text,
        reason text, effective_at timestamptz, until timestamptz, programme_version int, figures jsonb, cause uuid);

    UPDATE ledger.member m SET tier = v.tier
    FROM jsonb_to_recordset(p_driven) AS v(tenant_id int, programme_id int, member_id uuid, tier text)
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['earning.inbox', 'earning.decision_page', 'earning.decision_page_rest', 'earning.receipt',
                  'earning.receipt_event', 'earning.unpaid_receipt', 'earning.unclaimed_receipt', 'earning.parked_receipt',
                  'earning.counter', 'earning.budget_reached', 'earning.member_day']) AS name;

GRANT USAGE ON SCHEMA earning TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA earning TO pointstream_earning;
GRANT UPDATE (used) ON earning.counter TO pointstream_earning;
GRANT UPDATE (told_at) ON earning.budget_reached TO pointstream_earning;
GRANT UPDATE (visits, spend_minor, points, parts) ON earning.member_day TO pointstream_earning;
GRANT UPDATE (programme_id, event_key, page, member_id, story) ON earning.receipt TO pointstream_earning;
GRANT UPDATE (page) ON earning.inbox TO pointstream_earning;
GRANT DELETE ON earning.unclaimed_receipt, earning.parked_receipt, earning.member_day TO pointstream_earning;
GRANT USAGE ON SEQUENCE earning.page TO pointstream_earning;
GRANT SELECT ON earning.inbox, earning.decision_page, earning.receipt, earning.receipt_event, earning.unpaid_receipt,
    earning.unclaimed_receipt, earning.parked_receipt, earning.member_day, earning.counter,
    earning.budget_reached TO pointstream_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA earning TO pointstream_operator;
GRANT INSERT, DELETE ON earning.member_day TO pointstream_operator;

-- How far the world was told of a programme: the last version that was published to it, and the instant up to which
-- starts and stops of campaigns were.
CREATE TABLE earning.told_programme (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    version int NOT NULL CHECK (version > 0),
    until timestamptz,
    PRIMARY KEY (tenant_id, programme_id)
);
SELECT platform.protect('earning.told_programme', ARRAY['pointstream_earning', 'pointstream_operator']);
GRANT SELECT, INSERT ON earning.told_programme TO pointstream_earning;
GRANT UPDATE (version, until) ON earning.told_programme TO pointstream_earning;
GRANT SELECT ON earning.told_programme TO pointstream_operator;

-- What each worker judges by: digests of the rules and switches that it has loaded, and when, by the machine's clock, it
-- last said so.
CREATE TABLE earning.worker (
    instance text PRIMARY KEY,
    rules text NOT NULL,
    switches text NOT NULL,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT ON earning.worker TO pointstream_earning;
GRANT UPDATE (rules, switches, seen_at) ON earning.worker TO pointstream_earning;
GRANT SELECT ON earning.worker TO pointstream_operator;

-- Members who are blocked: nothing of theirs earns or pays until somebody lifts it. A row each time, numbered by member.
CREATE TABLE members.block (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL CHECK (number > 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    blocked_at timestamptz NOT NULL,
    blocked_by text NOT NULL CHECK (length(blocked_by) BETWEEN 1 AND 200),
    lifted_at timestamptz CHECK (lifted_at >= blocked_at),
    lifted_by text CHECK (length(lifted_by) BETWEEN 1 AND 200),
    note text CHECK (length(note) BETWEEN 1 AND 1000),
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX block_stands ON members.block (tenant_id, programme_id, member_id) WHERE lifted_at IS NULL;
SELECT platform.protect('members.block', ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption']);
GRANT SELECT ON members.block TO pointstream_earning, pointstream_redemption, pointstream_gateway, pointstream_operator;
GRANT INSERT, UPDATE (lifted_at, lifted_by, note) ON members.block TO pointstream_gateway, pointstream_operator;

-- What there is to judge by, as a text that changes whenever a source, a version or a rate is added, changed or removed; and
-- the same of the switches that are off and of who is blocked. Workers load anew when it changes, and say what they have loaded.
CREATE FUNCTION earning.rules_digest() RETURNS text
LANGUAGE sql STABLE
RETURN md5(coalesce((SELECT string_agg(s::text, '|' ORDER BY s.source_prefix) FROM platform.source s), '')
        || coalesce((SELECT string_agg(concat_ws(',', v.tenant_id, v.programme_id, v.version, v.active_from, v.hash), '|'
                                       ORDER BY v.tenant_id, v.programme_id, v.version)
                     FROM platform.programme_version v), '')
        || (SELECT count(*)::text || coalesce(max(recorded_at)::text, '') FROM platform.exchange_rate));

CREATE FUNCTION earning.switches_digest() RETURNS text
LANGUAGE sql STABLE
RETURN md5(coalesce((SELECT string_agg(concat_ws(',', s.tenant_id, s.programme_id, s.turn), '|'
                                       ORDER BY s.tenant_id, s.programme_id, s.turn)
                     FROM platform.kill_switch s WHERE s.on_at IS NULL), '')
        || (SELECT concat(count(*), ' ', sum(hashtextextended(b.member_id::text, b.number)))
            FROM members.block b WHERE b.lifted_at IS NULL));

-- ==== gateway ======================================================================================================
-- The HTTP door's own tables.

CREATE SCHEMA gateway;

-- Only a digest is kept: the key itself is shown once. A fast hash is right for 256 random bits.
CREATE TABLE gateway.api_key (
    key_id text PRIMARY KEY,
    tenant_id int NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);

-- The door looks a key up before it knows the tenant.
SELECT platform.protect('gateway.api_key', ARRAY['pointstream_operator', 'pointstream_gateway']);

GRANT USAGE ON SCHEMA gateway TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON gateway.api_key TO pointstream_gateway;
GRANT UPDATE (last_used_at) ON gateway.api_key TO pointstream_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA gateway TO pointstream_operator;
GRANT INSERT, UPDATE ON gateway.api_key TO pointstream_operator;

-- One row for each Idempotency-Key of a credential and an operation. While the request runs there is no answer; then the
-- first answer is kept, and given again to whoever repeats the request. Only digests of the key and of the request are
-- kept. `attempt` counts who took the row over, so that one who was given up writes nothing any more.
CREATE TABLE gateway.idempotency (
    tenant_id int NOT NULL,
    credential text NOT NULL,
    operation text NOT NULL,
    key_digest bytea NOT NULL CHECK (length(key_digest) = 32),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    attempt int NOT NULL CHECK (attempt > 0),
    started_at timestamptz NOT NULL,
    status smallint,
    location text,
    body bytea,
    PRIMARY KEY (tenant_id, credential, operation, key_digest),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_by_age ON gateway.idempotency (tenant_id, started_at);

SELECT platform.protect('gateway.idempotency', '{}');
GRANT SELECT, INSERT, DELETE ON gateway.idempotency TO pointstream_gateway;
GRANT UPDATE (fingerprint, attempt, started_at, status, location, body) ON gateway.idempotency TO pointstream_gateway;

-- `line`, `place` and the counts tell up to where everything was published, reported and acknowledged; there a gateway
-- goes on. The lease says which one works on the file, `epoch` counts who took it over, so that one who was given up
-- writes nothing any more. `began_…` is where that one began, for the rate.
CREATE TABLE gateway.file (
    tenant_id int NOT NULL,
    file_id uuid NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    form text NOT NULL CHECK (form IN ('csv', 'jsonl')),
    encoding text NOT NULL,
    delimiter text,
    mapping jsonb,
    enrols boolean NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    sameness bytea NOT NULL CHECK (length(sameness) = 32),
    size bigint NOT NULL CHECK (size >= 0),
    received_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    ended_at timestamptz,
    failure text,
    line bigint NOT NULL DEFAULT 0,
    place bigint NOT NULL DEFAULT 0,
    bytes_read bigint NOT NULL DEFAULT 0,
    read bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    moved_at timestamptz,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    began_at timestamptz,
    began_read bigint NOT NULL DEFAULT 0,
    began_bytes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, file_id),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running')))
);
-- The same content, read in the same way, is the same file; one that failed or was cancelled may be sent again.
CREATE UNIQUE INDEX file_once ON gateway.file (tenant_id, sameness) WHERE state NOT IN ('failed', 'cancelled');
CREATE INDEX file_open ON gateway.file (tenant_id, received_at) WHERE ended_at IS NULL;
CREATE INDEX file_by_age ON gateway.file (tenant_id, received_at);

-- Refused rows in the order of the file: where and why, and nothing of what they hold.
CREATE TABLE gateway.file_reject (
    tenant_id int NOT NULL,
    file_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    line bigint NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (tenant_id, file_id, number)
);

SELECT platform.protect(name::regclass, '{}') FROM unnest(ARRAY['gateway.file', 'gateway.file_reject']) AS name;
GRANT SELECT, INSERT, DELETE ON gateway.file TO pointstream_gateway;
GRANT UPDATE (state, ended_at, failure, line, place, bytes_read, read, published, rejected, moved_at, epoch, lease_until,
              began_at, began_read, began_bytes) ON gateway.file TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON gateway.file_reject TO pointstream_gateway;

-- Backtests that are asked for over HTTP: what was asked, how far each is, and what came of it. The copy of the history
-- that one is judged on lies in the directory of the gateway that works on it, never here.

-- The lease says which gateway works on it; `epoch` counts who took it over, so that one who was given up writes nothing
-- any more. `done` of `total` is how far its `stage` is, `items` how many receipts and activities that were.
CREATE TABLE gateway.backtest (
    tenant_id int NOT NULL,
    backtest_id uuid NOT NULL,
    programme_id int NOT NULL,
    programme text NOT NULL,
    document jsonb NOT NULL,
    hash text NOT NULL,
    version int,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    against int,
    point_values jsonb NOT NULL,
    sameness bytea NOT NULL CHECK (length(sameness) = 32),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    stage text CHECK (stage IN ('copy', 'judge', 'bind')),
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    items bigint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    failure text,
    summary jsonb,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (tenant_id, backtest_id),
    CHECK (since < until),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
    CHECK ((summary IS NULL) = (state <> 'done'))
);
-- One of a company runs at a time, and the same question is asked once until it has its answer.
CREATE UNIQUE INDEX backtest_running ON gateway.backtest (tenant_id) WHERE state = 'running';
CREATE UNIQUE INDEX backtest_once ON gateway.backtest (tenant_id, sameness) WHERE state IN ('waiting', 'running');

-- What a backtest leaves behind for reading: the table of members and the page, in pieces.
CREATE TABLE gateway.backtest_part (
    tenant_id int NOT NULL,
    backtest_id uuid NOT NULL,
    name text NOT NULL CHECK (name IN ('members.csv', 'report.html')),
    number int NOT NULL CHECK (number >= 0),
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, backtest_id, name, number)
);

SELECT platform.protect(name::regclass, '{}') FROM unnest(ARRAY['gateway.backtest', 'gateway.backtest_part']) AS name;
GRANT SELECT, INSERT, DELETE ON gateway.backtest, gateway.backtest_part TO pointstream_gateway;
GRANT UPDATE (state, stage, done, total, items, ended_at, failure, summary, epoch, lease_until) ON gateway.backtest
    TO pointstream_gateway;

-- What a request needs of the database before it is published, in one call: whether its key is free, which of its sources
-- the tenant may write under, and which of its events were taken already. The key is not taken when there is nothing to
-- take it for: unless `p_take`, or for the one event of a request (`p_alone`) that is refused. A key that somebody has comes
-- back with its request and answer.
CREATE FUNCTION gateway.begin_request(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_fingerprint bytea,
    p_now timestamptz, p_given_up timestamptz, p_forgotten timestamptz, p_take boolean, p_alone boolean,
    p_sources text[], p_event_keys uuid[], p_body_hashes bigint[],
    OUT attempt int, OUT refused boolean, OUT registered text[], OUT known_keys uuid[], OUT known_hashes bigint[],
    OUT holder bytea, OUT status smallint, OUT location text, OUT body bytea
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    tried int;
    found text[];
    mine boolean;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    -- At or below a registered prefix. No other tenant's can lie in between.
    SELECT coalesce(array_agg(asked.source), '{}') INTO found
    FROM unnest(p_sources) AS asked(source)
    WHERE EXISTS (
        SELECT FROM platform.source s
        WHERE s.tenant_id = p_tenant
          AND (asked.source = s.source_prefix OR starts_with(asked.source, s.source_prefix || '/'))
    );
    registered := found;

    SELECT array_agg(i.event_key), array_agg(i.body_hash), bool_and(i.body_hash = v.body_hash)
    INTO known_keys, known_hashes, mine
    FROM unnest(p_event_keys, p_body_hashes) AS v(event_key, body_hash)
    JOIN earning.inbox i ON i.tenant_id = p_tenant AND i.event_key = v.event_key;

    refused := p_alone AND (cardinality(found) < cardinality(p_sources) OR NOT coalesce(mine, true));
    IF p_take AND NOT refused THEN
        -- Free if it is new, if its answer is old, or if a run of the same request was given up.
        INSERT INTO gateway.idempotency AS i
            (tenant_id, credential, operation, key_digest, fingerprint, attempt, started_at)
        VALUES (p_tenant, p_credential, p_operation, p_key, p_fingerprint, 1, p_now)
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO UPDATE
        SET fingerprint = excluded.fingerprint, attempt = i.attempt + 1, started_at = excluded.started_at,
            status = NULL, location = NULL, body = NULL
        WHERE (i.status IS NULL AND i.started_at <= p_given_up AND i.fingerprint = excluded.fingerprint)
           OR i.started_at <= p_forgotten
        RETURNING i.attempt INTO tried;
        attempt := tried;
    END IF;
    IF tried IS NULL THEN
        -- A later statement, so that it sees what the transaction that was waited for has left.
        SELECT i.fingerprint, i.status, i.location, i.body INTO holder, status, location, body
        FROM gateway.idempotency i
        WHERE i.tenant_id = p_tenant AND i.credential = p_credential AND i.operation = p_operation
          AND i.key_digest = p_key AND i.started_at > p_forgotten
          AND NOT (i.status IS NULL AND i.started_at <= p_given_up AND i.fingerprint = p_fingerprint);
    END IF;
END $$;

-- Keeps the answer to a request, unless another attempt has taken over. Nobody waits for the disk: the events are at the
-- broker, and an answer that dies with the server is given again as that to an event which is known.
CREATE FUNCTION gateway.keep_answer(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_attempt int,
    p_status smallint, p_location text, p_body bytea
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true), set_config('synchronous_commit', 'off', true);
    UPDATE gateway.idempotency i SET status = p_status, location = p_location, body = p_body
    WHERE i.tenant_id = p_tenant AND i.credential = p_credential AND i.operation = p_operation
      AND i.key_digest = p_key AND i.attempt = p_attempt;
END $$;

-- ==== redemption ===================================================================================================
-- Points into rewards: what was asked for, and the answers.

CREATE SCHEMA redemption;

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
    points bigint NOT NULL CHECK (points >= 0),
    restored bigint NOT NULL DEFAULT 0 CHECK (restored BETWEEN 0 AND points),
    hold_until timestamptz,
    extended boolean NOT NULL DEFAULT false,
    reference text,
    shares jsonb NOT NULL,
    counted_on date,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id),
    CONSTRAINT redemption_cancelled_check CHECK (points = 0 OR (state = 'cancelled') = (restored = points))
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
      AND m.member_id = coalesce(whose.member_id, p_member) AND NOT m.merged
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

GRANT USAGE ON SCHEMA redemption TO pointstream_redemption, pointstream_operator;
GRANT SELECT, INSERT ON redemption.redemption TO pointstream_redemption;
GRANT UPDATE (state, points, restored, hold_until, extended, shares, counted_on, changed_at) ON redemption.redemption
    TO pointstream_redemption;
GRANT SELECT, INSERT, DELETE ON redemption.request TO pointstream_redemption;
GRANT UPDATE (answer) ON redemption.request TO pointstream_redemption;

GRANT USAGE ON SCHEMA redemption TO pointstream_gateway;
GRANT SELECT ON redemption.redemption TO pointstream_gateway;
GRANT SELECT ON redemption.redemption, redemption.request TO pointstream_operator;

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
CREATE INDEX order_by_id ON redemption.reward_order (order_id, tenant_id);
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

-- One a member and reward. What it orders goes by a key of the member, the reward and how often it has ordered, so that it is
-- never forgotten, only switched off. `seen` is the number of the ledger's last movement when it was looked at; what `barred` it
-- is tried again at `again_at`.
CREATE TABLE redemption.standing_order (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    reference text NOT NULL,
    at_points bigint NOT NULL CHECK (at_points > 0),
    repeats boolean NOT NULL,
    is_on boolean NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    done int NOT NULL DEFAULT 0 CHECK (done >= 0),
    order_id uuid,
    done_at timestamptz,
    seen bigint NOT NULL DEFAULT -1,
    barred text,
    barred_at timestamptz,
    again_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, reference)
) WITH (fillfactor = 80);
CREATE INDEX standing_order_on ON redemption.standing_order (tenant_id, programme_id, member_id) WHERE is_on;

SELECT platform.protect('redemption.standing_order'::regclass, ARRAY['pointstream_operator', 'pointstream_redemption']);

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
GRANT SELECT ON redemption.reward TO pointstream_redemption;
GRANT SELECT, UPDATE (free, reserved) ON redemption.stock TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE (used) ON redemption.reward_use TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE (state, cancelled, restocked, points_back, money_back, issued, ordered_at, changed_at)
    ON redemption.reward_order TO pointstream_redemption;
GRANT SELECT, INSERT ON redemption.reward_step, redemption.reward_answer TO pointstream_redemption;
GRANT SELECT, UPDATE (seen, told_at) ON redemption.wish TO pointstream_redemption;
GRANT SELECT, UPDATE (is_on, done, order_id, done_at, seen, barred, barred_at, again_at) ON redemption.standing_order
    TO pointstream_redemption;

-- gateway: keeps catalogue, stock and wishes for the tenant of each request, and shows orders.
GRANT SELECT, INSERT ON redemption.reward TO pointstream_gateway;
GRANT SELECT, INSERT, UPDATE (free) ON redemption.stock TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON redemption.wish TO pointstream_gateway;
GRANT SELECT, INSERT, UPDATE (at_points, repeats, is_on, asked_at, asked_by, seen, barred, barred_at, again_at)
    ON redemption.standing_order TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON redemption.reward_use, redemption.reward_order, redemption.reward_step, redemption.reward_answer
    TO pointstream_gateway;

-- operator: the command line keeps the catalogue too.
GRANT SELECT, INSERT ON redemption.reward TO pointstream_operator;
GRANT SELECT, INSERT, UPDATE (free) ON redemption.stock TO pointstream_operator;
GRANT SELECT ON redemption.reward_use, redemption.reward_order, redemption.reward_step, redemption.wish
    TO pointstream_operator;

-- What is redeemed counts in the history of members.
GRANT USAGE ON SCHEMA earning TO pointstream_redemption;
GRANT SELECT, INSERT, DELETE ON earning.member_day TO pointstream_redemption;
GRANT UPDATE (visits, spend_minor, points, parts) ON earning.member_day TO pointstream_redemption;

-- Every accepted event of loyalty.redemptions, once and for ever, and what became of it: `done` by movements of points, or
-- else what was told of it.
CREATE TABLE redemption.inbox (
    tenant_id int NOT NULL,
    event_key uuid NOT NULL,
    body_hash bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'extended', 'refused', 'replayed')),
    PRIMARY KEY (tenant_id, event_key)
) WITH (fillfactor = 90);
SELECT platform.protect('redemption.inbox', ARRAY['pointstream_operator']);

-- The start of a batch for one tenant, in the order of the whole platform: what is new by the inbox, the keys of what is new,
-- then the members. What was known before is read behind the locks, each in a later statement.
--   late_…   events that were known, with the digest of the body that was taken then
--   known_…  keys that were used before, by their numbers among those asked (from 1), for what, and the first answer
--   lead_…   members who were merged into another, and that other
--   head_…   the members, each once, locked; a merged one only as whom it leads to
-- Keys are asked for once each; `p_by_keys` names the key of each event.
CREATE FUNCTION redemption.begin_commands(
    p_tenant int, p_now timestamptz, p_event_keys uuid[], p_body_hashes bigint[], p_by_keys int[],
    p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[],
    p_programmes int[], p_members uuid[],
    OUT late_keys uuid[], OUT late_hashes bigint[],
    OUT known_numbers int[], OUT known_fingerprints bytea[], OUT known_answers bytea[],
    OUT lead_programmes int[], OUT lead_members uuid[], OUT lead_to uuid[],
    OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[], OUT head_spreads int[],
    OUT head_owing boolean[], OUT head_tiers text[]
)
LANGUAGE plpgsql AS $$
DECLARE
    fresh uuid[];
    wanted int[];
    taken int[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    WITH new AS (
        INSERT INTO redemption.inbox (tenant_id, event_key, body_hash, recorded_at)
        SELECT p_tenant, v.event_key, v.body_hash, p_now
        FROM unnest(p_event_keys, p_body_hashes) AS v(event_key, body_hash)
        ORDER BY v.event_key
        ON CONFLICT (tenant_id, event_key) DO NOTHING
        RETURNING event_key
    )
    SELECT coalesce(array_agg(event_key), '{}') INTO fresh FROM new;

    IF cardinality(fresh) < cardinality(p_event_keys) THEN
        SELECT array_agg(i.event_key), array_agg(i.body_hash) INTO late_keys, late_hashes
        FROM unnest(p_event_keys) AS v(event_key)
        JOIN redemption.inbox i ON i.tenant_id = p_tenant AND i.event_key = v.event_key
        WHERE NOT v.event_key = ANY (fresh);
    END IF;

    SELECT array_agg(DISTINCT e.by_key) INTO wanted
    FROM unnest(p_event_keys, p_by_keys) AS e(event_key, by_key) WHERE e.event_key = ANY (fresh);

    WITH asked AS (
        SELECT k.number, k.credential, k.operation, k.key_digest, k.fingerprint
        FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints)
            WITH ORDINALITY AS k(credential, operation, key_digest, fingerprint, number)
        WHERE k.number = ANY (wanted)
    ), new AS (
        INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
        SELECT p_tenant, a.credential, a.operation, a.key_digest, a.fingerprint, p_now FROM asked a
        ORDER BY a.credential, a.operation, a.key_digest
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING
        RETURNING credential, operation, key_digest
    )
    SELECT coalesce(array_agg(a.number), '{}') INTO taken FROM asked a JOIN new USING (credential, operation, key_digest);

    IF cardinality(taken) < cardinality(wanted) THEN
        SELECT array_agg(k.number), array_agg(r.fingerprint), array_agg(r.answer)
        INTO known_numbers, known_fingerprints, known_answers
        FROM unnest(p_credentials, p_operations, p_keys)
            WITH ORDINALITY AS k(credential, operation, key_digest, number)
        JOIN redemption.request r ON r.tenant_id = p_tenant AND r.credential = k.credential AND r.operation = k.operation
            AND r.key_digest = k.key_digest
        WHERE k.number = ANY (wanted) AND NOT k.number = ANY (taken);
    END IF;

    SELECT array_agg(g.programme_id), array_agg(g.member_id), array_agg(g.leads_to)
    INTO lead_programmes, lead_members, lead_to
    FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
    JOIN members.merge g ON g.tenant_id = p_tenant AND g.programme_id = v.programme_id AND g.member_id = v.member_id
        AND g.undone_at IS NULL;

    SELECT array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq), array_agg(l.spread), array_agg(l.owing),
           array_agg(l.tier)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers
    FROM (
        SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier
        FROM (
            SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
            UNION
            SELECT v.programme_id, v.member_id FROM unnest(lead_programmes, lead_to) AS v(programme_id, member_id)
        ) AS known
        JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = known.programme_id
            AND m.member_id = known.member_id
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m
    ) AS l;
END $$;

-- The end of a batch for one tenant: redemptions as they are now, the answers to the keys that did something, the keys that
-- were refused, which are free again, and what became of events that moved nothing.
CREATE FUNCTION redemption.end_commands(
    p_tenant int, p_now timestamptz, p_redemptions jsonb,
    p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[], p_answers bytea[],
    p_free_credentials text[], p_free_operations text[], p_free_keys bytea[],
    p_event_keys uuid[], p_outcomes text[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM redemption.save(p_now, p_redemptions);

    -- The keys are there since the batch began, perhaps for another request that was refused. An insertion finds each by its
    -- index, whatever a planner thinks of the table.
    INSERT INTO redemption.request AS r (tenant_id, credential, operation, key_digest, fingerprint, asked_at, answer)
    SELECT p_tenant, v.credential, v.operation, v.key_digest, v.fingerprint, p_now, v.answer
    FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints, p_answers)
        AS v(credential, operation, key_digest, fingerprint, answer)
    ON CONFLICT (tenant_id, credential, operation, key_digest)
    DO UPDATE SET answer = excluded.answer, fingerprint = excluded.fingerprint;

    FOR place IN 1 .. coalesce(cardinality(p_free_keys), 0) LOOP
        DELETE FROM redemption.request r
        WHERE r.tenant_id = p_tenant AND r.credential = p_free_credentials[place] AND r.operation = p_free_operations[place]
          AND r.key_digest = p_free_keys[place];
    END LOOP;
    FOR place IN 1 .. coalesce(cardinality(p_event_keys), 0) LOOP
        UPDATE redemption.inbox i SET outcome = p_outcomes[place]
        WHERE i.tenant_id = p_tenant AND i.event_key = p_event_keys[place];
    END LOOP;
END $$;

-- redemption: a batch sees one tenant's rows after the other; its positions and dead letters are of all.
CREATE POLICY pointstream_redemption_works ON stream.dead_letter TO pointstream_redemption USING (true);
GRANT SELECT, INSERT, UPDATE ON stream.position TO pointstream_redemption;
GRANT SELECT, INSERT ON stream.dead_letter TO pointstream_redemption;
GRANT SELECT, INSERT ON redemption.inbox TO pointstream_redemption;
GRANT UPDATE (outcome) ON redemption.inbox TO pointstream_redemption;
GRANT UPDATE (fingerprint) ON redemption.request TO pointstream_redemption;
GRANT SELECT ON redemption.inbox TO pointstream_operator;

-- The bill that a redemption pays a part of, by a rate of so many points for so much; amounts in the currency's minor unit.
-- `tax` is what points are for the tax on the bill. Of the bill, so much came back since.
CREATE TABLE redemption.bill (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    paid_minor bigint NOT NULL CHECK (paid_minor BETWEEN 0 AND amount_minor),
    rate_points bigint NOT NULL CHECK (rate_points > 0),
    rate_minor bigint NOT NULL CHECK (rate_minor > 0),
    tax text NOT NULL CHECK (tax IN ('payment', 'discount')),
    returned_minor bigint NOT NULL DEFAULT 0 CHECK (returned_minor BETWEEN 0 AND amount_minor),
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id)
);
SELECT platform.protect('redemption.bill', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON redemption.bill TO pointstream_redemption;
GRANT UPDATE (paid_minor, returned_minor) ON redemption.bill TO pointstream_redemption;
GRANT SELECT ON redemption.bill TO pointstream_gateway, pointstream_operator;

-- What a redemption is for that is a trade: so many points for so much else, by a rate of a version of the programme. `other` is
-- money in minor units of `currency`, or units of the other programme; `party` that programme or a charity, `opens` the lot that
-- came. A trade is never changed.
CREATE TABLE redemption.trade (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('buy', 'exchange_in', 'exchange_out', 'donate', 'lend')),
    wallet text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    other bigint NOT NULL CHECK (other > 0),
    rate_points bigint NOT NULL CHECK (rate_points > 0),
    rate_other bigint NOT NULL CHECK (rate_other > 0),
    programme_version int NOT NULL CHECK (programme_version > 0),
    currency text,
    party text,
    pool text,
    payment text,
    opens bigint,
    traded_at timestamptz NOT NULL,
    due_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id),
    CONSTRAINT trade_opens_check CHECK ((opens IS NOT NULL) = (kind IN ('buy', 'exchange_in', 'lend'))),
    CONSTRAINT trade_currency_check CHECK ((currency IS NOT NULL) = (kind IN ('buy', 'donate'))),
    CONSTRAINT trade_due_check CHECK ((due_at IS NOT NULL) = (kind = 'lend'))
);
CREATE INDEX trade_of_pool ON redemption.trade (tenant_id, programme_id, party, pool) INCLUDE (points, other)
    WHERE kind = 'donate';

-- How much a member has traded in a period, as the programme's limits count it.
CREATE TABLE redemption.trade_use (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    counter text NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, counter)
) WITH (fillfactor = 80);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator'])
FROM unnest(ARRAY['redemption.trade', 'redemption.trade_use']) AS name;

GRANT SELECT, INSERT ON redemption.trade, redemption.trade_use TO pointstream_redemption;
GRANT UPDATE (used) ON redemption.trade_use TO pointstream_redemption;
GRANT SELECT ON redemption.trade TO pointstream_gateway, pointstream_operator;

-- A choice is open until `until`, unless it was taken back. What it became is the order `order_id`, once there is one.
CREATE TABLE redemption.choice (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    choice_id uuid NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    rewards text[] NOT NULL CHECK (cardinality(rewards) BETWEEN 2 AND 12),
    granted_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > granted_at),
    order_id uuid NOT NULL,
    campaign text NOT NULL,
    cause text NOT NULL,
    revoked_at timestamptz,
    revoked_by text, -- the event that took it back
    PRIMARY KEY (tenant_id, programme_id, member_id, choice_id)
);

SELECT platform.protect('redemption.choice'::regclass, ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON redemption.choice TO pointstream_redemption;
GRANT UPDATE (revoked_at, revoked_by) ON redemption.choice TO pointstream_redemption;
GRANT SELECT ON redemption.choice TO pointstream_gateway, pointstream_operator;

-- ==== expiry =======================================================================================================
-- Sweeps: boundaries as they come, what each is expected to take and took, and the chunks of members in which it runs.
-- A further writer of the ledger: it lets lots lapse of members whom nobody touched.

CREATE SCHEMA expiry;

-- One row a programme and boundary, made when it is announced. `asked` is what a person wants and the service has not
-- done yet. A sweep that is larger than its programme lets one person decide waits, as `awaiting_approval`, until somebody
-- has agreed (`approved_by`) who did not publish the version in force. `preview` says what it was announced with, `planned` what there was when it started, `lapsed` what the ledger
-- says in the end; all three by wallet. `cause` names it in the movements that it writes.
CREATE TABLE expiry.sweep (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    boundary timestamptz NOT NULL,
    sweep_id uuid NOT NULL,
    local_date date NOT NULL,
    zone text NOT NULL,
    tzdata text NOT NULL,
    wallets text[] NOT NULL,
    cause uuid NOT NULL,
    state text NOT NULL
        CHECK (state IN ('announced', 'awaiting_approval', 'running', 'paused', 'finished', 'cancelled')),
    asked text CHECK (asked IN ('run', 'pause', 'resume', 'cancel', 'approve', 'refuse')),
    asked_by text,
    preview jsonb NOT NULL,
    lapsed jsonb,
    members bigint NOT NULL DEFAULT 0, -- who were due when it started, and later
    announced_at timestamptz NOT NULL,
    started_at timestamptz,
    told_at timestamptz, -- when its progress was published last, by the machine's clock
    ended_at timestamptz,
    spared jsonb NOT NULL DEFAULT '[]', -- what is spared at it, by tier and reason, as it was announced with
    waived jsonb, -- and as the ledger says in the end
    approved_by text,
    approved_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, boundary),
    UNIQUE (tenant_id, sweep_id),
    CHECK ((ended_at IS NULL) = (state NOT IN ('finished', 'cancelled')))
);

-- Members of a sweep behind `after`, up to `last`. The lease says who works on it, by the machine's clock; `epoch` counts
-- who took it over, so that one who was given up writes nothing any more. `done` has lots and points by wallet.
CREATE TABLE expiry.chunk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    boundary timestamptz NOT NULL,
    number int NOT NULL,
    after uuid NOT NULL,
    last uuid NOT NULL,
    epoch int NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    finished boolean NOT NULL DEFAULT false,
    members bigint NOT NULL DEFAULT 0,
    left_alone bigint NOT NULL DEFAULT 0, -- who were in somebody else's hands, or wait for an activation
    done jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, programme_id, boundary, number)
) WITH (fillfactor = 50);

-- A look at a programme: what of everything free at an instant lapses when, and where it came from. Never changed.
CREATE TABLE expiry.forecast (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    as_of timestamptz NOT NULL,
    outlook jsonb NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, as_of)
);

-- Where the points of lots came from, kept beside the lots, so that a forecast need not read every decision. It may be deleted at
-- any time: what is missing is read from the decisions, and kept again.
-- Where points were earned, and which campaigns paid in which proportion; the numbers are hashes of what they stand for.
CREATE TABLE expiry.origin_place (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    place bigint NOT NULL,
    partner text,
    store text,
    PRIMARY KEY (tenant_id, programme_id, place)
);
CREATE TABLE expiry.origin_mix (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mix bigint NOT NULL,
    campaigns text[] NOT NULL,
    weights bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, mix)
);

-- The lots of a member with something left, as of movement `upto`: where each came from, and what it comes to if nothing else
-- happens. A lot that is spared first and lapses later is in it once for each.
CREATE TABLE expiry.origin (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    upto bigint NOT NULL,
    lots bigint[] NOT NULL,
    places bigint[] NOT NULL,
    mixes bigint[] NOT NULL,
    wallets text[],
    lapses timestamptz[],
    months date[],
    free bigint[],
    held bigint[],
    spared bigint[],
    repays bigint[],
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 80);

-- Up to which movement it is known what a member's points come to, and by which tier and exceptions; up to `until`, where time
-- alone changes it.
CREATE TABLE expiry.followed (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    upto bigint NOT NULL,
    tier text,
    keeps jsonb,
    until timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 80);

-- What the rows of `expiry.origin` come to: by tier and month of earning, by place, and by mix.
CREATE TABLE expiry.foreseen (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    split text NOT NULL CHECK (split IN ('slice', 'place', 'mix')),
    lapses_at timestamptz NOT NULL, -- infinity: never
    wallet text NOT NULL,
    tier text NOT NULL, -- '' for none, and for the other splits
    month date NOT NULL, -- -infinity: long ago, and for the other splits
    number bigint NOT NULL, -- of the place or the mix
    lots bigint NOT NULL,
    points bigint NOT NULL,
    spared bigint NOT NULL,
    repays bigint NOT NULL,
    held bigint NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, split, lapses_at, wallet, tier, month, number)
) WITH (fillfactor = 50);

-- The last look at a programme; those that `expiry.forecast` keeps are hours apart.
CREATE TABLE expiry.latest_forecast (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    as_of timestamptz NOT NULL,
    outlook jsonb NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

-- A request to give back points that lapsed behind `lapsed_after`, up to `lapsed_until`. It is carried out once it is
-- approved: at once, or by somebody else than who asked. `digest` tells a repeat from another request under its name.
CREATE TABLE expiry.reinstatement (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reinstatement_id uuid NOT NULL,
    digest bytea NOT NULL,
    lapsed_after timestamptz NOT NULL,
    lapsed_until timestamptz NOT NULL CHECK (lapsed_until > lapsed_after),
    expires_at timestamptz, -- null: the next boundary of the wallet
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 64),
    note text CHECK (length(note) BETWEEN 1 AND 256),
    members int NOT NULL CHECK (members > 0),
    points bigint NOT NULL CHECK (points > 0), -- over all wallets
    state text NOT NULL CHECK (state IN ('awaiting_approval', 'approved', 'refused', 'sent')),
    asked_by text NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 64),
    asked_at timestamptz NOT NULL,
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 64),
    decided_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, reinstatement_id),
    CHECK (decided_by <> asked_by),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK (state <> 'awaiting_approval' OR decided_by IS NULL),
    CHECK (state <> 'refused' OR decided_by IS NOT NULL)
);
CREATE INDEX reinstatement_open ON expiry.reinstatement (tenant_id, programme_id, asked_at)
    WHERE state IN ('awaiting_approval', 'approved');

-- What a request gives back to a member, of a wallet. `cause` is the key of the event that says so; `sent` since it lies in
-- the outbox.
CREATE TABLE expiry.reinstatement_share (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reinstatement_id uuid NOT NULL,
    member_id uuid NOT NULL,
    wallet text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    cause uuid NOT NULL,
    sent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, programme_id, reinstatement_id, member_id, wallet)
);

-- Boundaries ahead as they were computed, one row for every instant that a period's end ever had: with newer zone data it may
-- have another one, and lots that were dated before keep the old.
CREATE TABLE expiry.boundary (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    zone text NOT NULL,
    local_date date NOT NULL,
    instant timestamptz NOT NULL,
    tzdata text NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, zone, local_date, instant)
);

-- The plain case of time's work, set by set: what is free of the lots of these members lapses, a movement for each instant
-- and wallet in the order of the calendar. It does what libs/ledger/catch_up.py does to a member without an activation
-- that is due and whom nothing spares; others are left to whoever decides that, and so is who is in somebody else's hands.
-- Answers with a row a movement. The caller has the chunk's row locked; heads are locked first, and lots read later.
CREATE FUNCTION expiry.lapse(
    p_tenant int, p_programme int, p_boundary timestamptz, p_now timestamptz, p_cause uuid, p_members uuid[]
) RETURNS TABLE (
    member_id uuid, seq bigint, spread int, wallet text, points bigint, effective_at timestamptz,
    lots bigint[], amounts bigint[]
)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_members uuid[];
    v_seqs bigint[];
    v_spreads int[];
BEGIN
    SELECT array_agg(h.member_id), array_agg(h.seq), array_agg(h.spread) INTO v_members, v_seqs, v_spreads
    FROM (
        SELECT m.member_id, m.seq, m.spread FROM ledger.member m
        WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = ANY (p_members)
          AND m.lapses_at <= p_boundary AND (m.activates_at IS NULL OR m.activates_at > p_boundary)
          AND m.keeps IS NULL
        ORDER BY m.member_id
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS h;

    RETURN QUERY
    WITH lapsed AS (
        UPDATE ledger.lot l SET remaining = l.held
        FROM unnest(v_members, v_seqs, v_spreads) AS h(member_id, seq, spread)
        WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = h.member_id
          AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) <= p_boundary
        RETURNING l.member_id, h.seq AS before, h.spread, l.seq AS lot, l.wallet, old.remaining - old.held AS free,
                  coalesce(l.now_expires_at, l.expires_at) AS at
    ), numbered AS (
        SELECT p.*, p.before + dense_rank() OVER (PARTITION BY p.member_id ORDER BY p.at, p.wallet COLLATE "C") AS seq
        FROM lapsed p
    ), grouped AS (
        SELECT n.member_id, n.seq, n.spread, n.wallet, n.at, sum(n.free)::bigint AS points,
               array_agg(n.lot ORDER BY n.lot) AS lots, array_agg(n.free ORDER BY n.lot) AS amounts
        FROM numbered n GROUP BY n.member_id, n.seq, n.spread, n.wallet, n.at
    ), heads AS (
        UPDATE ledger.member m
        SET seq = g.seq,
            lapses_at = (
                SELECT nullif(min(coalesce(l.now_expires_at, l.expires_at)), 'infinity') FROM ledger.lot l
                WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = m.member_id
                  AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) > p_boundary
            )
        FROM (SELECT d.member_id, max(d.seq) AS seq FROM grouped d GROUP BY d.member_id) AS g
        WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = g.member_id
    ), moved AS (
        INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                     effective_at, recorded_at, cause)
        SELECT p_tenant, p_programme, g.member_id, g.seq, g.wallet, 'expire', 'active', 'expired', g.points, g.at, p_now,
               p_cause
        FROM grouped g
    ), allocated AS (
        INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
        SELECT p_tenant, p_programme, n.member_id, n.seq, n.lot, n.free FROM numbered n
    )
    SELECT g.member_id, g.seq, g.spread, g.wallet, g.points, g.at, g.lots, g.amounts FROM grouped g
    ORDER BY g.member_id, g.seq;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.sweep', 'expiry.chunk', 'expiry.forecast', 'expiry.reinstatement', 'expiry.reinstatement_share',
                  'expiry.boundary', 'expiry.origin', 'expiry.origin_place', 'expiry.origin_mix', 'expiry.followed',
                  'expiry.foreseen', 'expiry.latest_forecast']) AS name;
CREATE POLICY pointstream_expiry_works ON ledger.member TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.lot TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.debt TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.movement TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.allocation TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.loan TO pointstream_expiry USING (true);

GRANT USAGE ON SCHEMA ledger, stream TO pointstream_expiry;
GRANT USAGE ON SCHEMA expiry TO pointstream_gateway;
GRANT SELECT, INSERT ON expiry.sweep, expiry.chunk, expiry.forecast TO pointstream_expiry;
GRANT SELECT, INSERT ON expiry.origin_place, expiry.origin_mix TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE ON expiry.origin, expiry.followed TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (lots, points, spared, repays, held), DELETE ON expiry.foreseen TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (as_of, outlook) ON expiry.latest_forecast TO pointstream_expiry;
GRANT UPDATE (state, asked, asked_by, lapsed, members, started_at, told_at, ended_at, approved_by, approved_at)
    ON expiry.sweep TO pointstream_expiry;
GRANT SELECT, UPDATE (state) ON expiry.reinstatement TO pointstream_expiry;
GRANT SELECT, UPDATE (sent) ON expiry.reinstatement_share TO pointstream_expiry;
GRANT UPDATE (after, epoch, holder, lease_until, finished, members, left_alone, done) ON expiry.chunk TO pointstream_expiry;
GRANT SELECT ON ledger.member, ledger.lot, ledger.lot_now, ledger.debt, ledger.movement, ledger.allocation, ledger.loan
    TO pointstream_expiry;
GRANT UPDATE (seq, lapses_at) ON ledger.member TO pointstream_expiry;
GRANT UPDATE (remaining) ON ledger.lot TO pointstream_expiry;
GRANT INSERT ON ledger.movement, ledger.allocation TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_expiry;
GRANT SELECT, INSERT ON stream.outbox TO pointstream_expiry;

-- Which campaign, store and partner brought points is told by the decisions.
CREATE POLICY pointstream_expiry_reads ON earning.inbox FOR SELECT TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_reads ON earning.decision_page FOR SELECT TO pointstream_expiry USING (true);
GRANT USAGE ON SCHEMA earning TO pointstream_expiry;
GRANT SELECT ON earning.inbox, earning.decision_page TO pointstream_expiry;

-- The door and the command line look, and say what they want.
GRANT SELECT ON expiry.sweep, expiry.chunk, expiry.forecast TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON expiry.origin, expiry.origin_place, expiry.origin_mix, expiry.followed, expiry.foreseen, expiry.latest_forecast
    TO pointstream_gateway, pointstream_operator;
GRANT DELETE ON expiry.origin, expiry.followed, expiry.foreseen TO pointstream_operator;
GRANT UPDATE (asked, asked_by) ON expiry.sweep TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at) ON expiry.reinstatement
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON expiry.reinstatement_share TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON expiry.boundary TO pointstream_expiry;
GRANT SELECT ON expiry.boundary TO pointstream_operator;
GRANT USAGE ON SCHEMA expiry TO pointstream_expiry, pointstream_operator;

-- ==== later ========================================================================================================
-- The schemas of the services whose work comes later.

CREATE SCHEMA notifier;

GRANT USAGE ON SCHEMA notifier TO pointstream_notifier, pointstream_operator;

-- What a quote reads: the member behind an identifier with what is left of the points, and what limits have used. Two
-- functions, so that a quote takes two round trips and no transaction around them: each says first whose rows may be seen.
-- The first identifier that anybody has decides; or the member is given. No row of theirs: member_id is NULL.
CREATE FUNCTION gateway.quote_member(
    p_tenant int, p_programme int, p_identifiers text[], p_member uuid,
    OUT member_id uuid, OUT tier text, OUT seq bigint,
    OUT lot_seqs bigint[], OUT lot_wallets text[], OUT lot_amounts bigint[], OUT lot_remaining bigint[],
    OUT lot_held bigint[], OUT lot_earned timestamptz[], OUT lot_active timestamptz[], OUT lot_expires timestamptz[],
    OUT lot_recorded timestamptz[], OUT lot_versions int[], OUT lot_contributors uuid[], OUT lot_pending boolean[],
    OUT lot_openings text[],
    OUT debt_wallets text[], OUT debt_amounts bigint[], OUT debt_since timestamptz[],
    OUT debt_lent bigint[], OUT debt_shares int[], OUT debt_due timestamptz[],
    OUT keeps text
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT h.member_id, h.tier, h.seq, h.keeps::text INTO member_id, tier, seq, keeps
    FROM ledger.member h
    WHERE h.tenant_id = p_tenant AND h.programme_id = p_programme AND h.member_id = coalesce(p_member, (
        SELECT i.member_id
        FROM unnest(p_identifiers) WITH ORDINALITY AS shown (identifier, place)
        JOIN members.identifier i
          ON i.tenant_id = p_tenant AND i.programme_id = p_programme AND i.identifier = shown.identifier
        WHERE i.member_id IS NOT NULL
        ORDER BY shown.place
        LIMIT 1
    ));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(l.seq ORDER BY l.seq), array_agg(l.wallet ORDER BY l.seq), array_agg(l.amount ORDER BY l.seq),
           array_agg(l.remaining ORDER BY l.seq), array_agg(l.held ORDER BY l.seq),
           array_agg(l.earned_at ORDER BY l.seq), array_agg(l.active_from ORDER BY l.seq),
           array_agg(l.expires_at ORDER BY l.seq), array_agg(l.recorded_at ORDER BY l.seq),
           array_agg(l.policy_version ORDER BY l.seq), array_agg(l.contributor ORDER BY l.seq),
           array_agg(l.pending ORDER BY l.seq), array_agg(l.opened_by::text ORDER BY l.seq)
    INTO lot_seqs, lot_wallets, lot_amounts, lot_remaining, lot_held, lot_earned, lot_active, lot_expires, lot_recorded,
         lot_versions, lot_contributors, lot_pending, lot_openings
    FROM ledger.lot_now l
    WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = quote_member.member_id
      AND l.remaining > 0;
    SELECT array_agg(d.wallet ORDER BY d.wallet), array_agg(d.amount ORDER BY d.wallet),
           array_agg(d.since ORDER BY d.wallet), array_agg(d.lent ORDER BY d.wallet), array_agg(d.share ORDER BY d.wallet),
           array_agg(d.due_at ORDER BY d.wallet)
    INTO debt_wallets, debt_amounts, debt_since, debt_lent, debt_shares, debt_due
    FROM ledger.debt d
    WHERE d.tenant_id = p_tenant AND d.programme_id = p_programme AND d.member_id = quote_member.member_id
      AND (d.amount > 0 OR d.lent > 0);
END $$;

-- What limits have used, in the order of the keys.
CREATE FUNCTION gateway.quote_counters(p_tenant int, p_programme int, p_keys text[], OUT used bigint[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT array_agg(coalesce(c.used, 0) ORDER BY asked.place) INTO used
    FROM unnest(p_keys) WITH ORDINALITY AS asked (counter_key, place)
    LEFT JOIN earning.counter c
           ON c.tenant_id = p_tenant AND c.programme_id = p_programme AND c.counter_key = asked.counter_key;
END $$;

-- Members who bring in others. Whatever names a person beside the member's id is a keyed hash.

-- The code that a member gives to friends, made when somebody asks for it.
CREATE TABLE members.referral_code (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    code text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id),
    UNIQUE (tenant_id, programme_id, code)
);

-- By what one person or household may turn out to be two members: devices, addresses, households, by their keyed hashes.
CREATE TABLE members.mark (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    digest text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, kind, digest)
);
CREATE INDEX mark_of_members ON members.mark (tenant_id, programme_id, kind, digest);

-- Two members who had the same identifier, one after the other: they are one person. The lower id comes first.
CREATE TABLE members.same_person (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    other_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, other_id),
    CHECK (member_id < other_id)
);

-- A friend, who is brought in once, and where the referral stands. Written by whoever holds the friend's ledger head.
CREATE TABLE earning.referral (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    friend_id uuid NOT NULL,
    referrer_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL,
    enrolled_at timestamptz NOT NULL,
    version int NOT NULL,
    consented boolean NOT NULL,
    suspicions text[] NOT NULL,
    word text CHECK (word IN ('release', 'refuse')),
    state text NOT NULL CHECK (state IN ('started', 'converted', 'held', 'refused')),
    reasons text[] NOT NULL,
    converted_at timestamptz,
    counted uuid[] NOT NULL, -- the keys of the receipts that brought it there
    until timestamptz, -- when the friend's purchases count no longer
    changes int NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, friend_id)
) WITH (fillfactor = 85);
CREATE INDEX referral_of_referrer ON earning.referral (tenant_id, programme_id, referrer_id);
CREATE INDEX referral_held ON earning.referral (tenant_id, changed_at) WHERE state = 'held';

-- All that became of a referral, numbered without gaps: never changed, never removed. `decided_by` is the person who said so.
CREATE TABLE earning.referral_change (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    friend_id uuid NOT NULL,
    number int NOT NULL,
    state text NOT NULL,
    reason text,
    decided_by text,
    note text,
    cause uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, friend_id, number)
);

-- What a member has had of referrals so far, as a story without a receipt. Written by whoever holds the ledger head.
CREATE TABLE earning.referral_account (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    story bytea NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 85);

-- Saves referrals, every change on the way there, and what members have had. The transaction holds the members.
CREATE FUNCTION earning.save_referrals(p_now timestamptz, p_referrals jsonb, p_changes jsonb, p_accounts jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO earning.referral AS r
        (tenant_id, programme_id, friend_id, referrer_id, claimed_at, enrolled_at, version, consented, suspicions, word,
         state, reasons, converted_at, counted, until, changes, changed_at)
    SELECT v.tenant_id, v.programme_id, v.friend_id, v.referrer_id, v.claimed_at, v.enrolled_at, v.version, v.consented,
           v.suspicions, v.word, v.state, v.reasons, v.converted_at, v.counted, v.until, v.changes, p_now
    FROM jsonb_to_recordset(p_referrals) AS v(
        tenant_id int, programme_id int, friend_id uuid, referrer_id uuid, claimed_at timestamptz, enrolled_at timestamptz,
        version int, consented boolean, suspicions text[], word text, state text, reasons text[], converted_at timestamptz,
        counted uuid[], until timestamptz, changes int)
    ON CONFLICT (tenant_id, programme_id, friend_id) DO UPDATE
        SET consented = excluded.consented, word = excluded.word, state = excluded.state, reasons = excluded.reasons,
            converted_at = excluded.converted_at, counted = excluded.counted, changes = excluded.changes,
            changed_at = excluded.changed_at;

    INSERT INTO earning.referral_change
        (tenant_id, programme_id, friend_id, number, state, reason, decided_by, note, cause, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.friend_id, v.number, v.state, v.reason, v.decided_by, v.note, v.cause, p_now
    FROM jsonb_to_recordset(p_changes) AS v(
        tenant_id int, programme_id int, friend_id uuid, number int, state text, reason text, decided_by text, note text,
        cause uuid);

    INSERT INTO earning.referral_account (tenant_id, programme_id, member_id, story)
    SELECT v.tenant_id, v.programme_id, v.member_id, decode(v.story, 'base64')
    FROM jsonb_to_recordset(p_accounts) AS v(tenant_id int, programme_id int, member_id uuid, story text)
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET story = excluded.story;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['members.referral_code', 'members.mark', 'members.same_person', 'earning.referral',
                  'earning.referral_change', 'earning.referral_account']) AS name;

GRANT SELECT ON members.referral_code TO pointstream_earning;
GRANT SELECT, INSERT ON members.mark, members.same_person, earning.referral, earning.referral_change,
    earning.referral_account TO pointstream_earning;
GRANT UPDATE (consented, word, state, reasons, converted_at, counted, changes, changed_at) ON earning.referral
    TO pointstream_earning;
GRANT UPDATE (story) ON earning.referral_account TO pointstream_earning;
-- the door makes codes, and shows what became of referrals
GRANT SELECT, INSERT ON members.referral_code TO pointstream_gateway;
GRANT SELECT ON earning.referral, earning.referral_change TO pointstream_gateway;
GRANT SELECT ON earning.referral TO pointstream_redemption;
GRANT SELECT ON members.referral_code, members.mark, members.same_person, earning.referral, earning.referral_change,
    earning.referral_account TO pointstream_operator;

-- Members who were merged into another, numbered without gaps by member. The row says all that an undoing and a late return
-- must know: which lots went where and came back (pairs of numbers, with the points), debts and identifiers. While the merge
-- stands, `leads_to` is where the id leads in the end, through later merges too.
CREATE TABLE members.merge (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL,
    survivor_id uuid NOT NULL,
    leads_to uuid NOT NULL,
    passed jsonb NOT NULL,
    debts jsonb NOT NULL,
    identifiers text[] NOT NULL,
    counters jsonb NOT NULL,
    cause uuid NOT NULL,
    merged_at timestamptz NOT NULL,
    returned jsonb,
    undone_by uuid,
    undone_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    CHECK (member_id <> survivor_id)
);
CREATE UNIQUE INDEX merge_stands ON members.merge (tenant_id, programme_id, member_id) WHERE undone_at IS NULL;
CREATE INDEX merge_leads_to ON members.merge (tenant_id, programme_id, leads_to) WHERE undone_at IS NULL;
SELECT platform.protect('members.merge', ARRAY['pointstream_operator', 'pointstream_earning']);
GRANT SELECT, INSERT ON members.merge TO pointstream_earning;
GRANT UPDATE (leads_to, passed, returned, undone_by, undone_at) ON members.merge TO pointstream_earning;
GRANT SELECT ON members.merge TO pointstream_gateway, pointstream_operator;
GRANT USAGE ON SCHEMA members TO pointstream_redemption;
GRANT SELECT, UPDATE (passed) ON members.merge TO pointstream_redemption;

-- Saves merges, and their undoing. The transaction holds the identifiers and both members of each.
CREATE FUNCTION earning.save_merges(p_now timestamptz, p_merged jsonb, p_undone jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM jsonb_to_recordset(p_merged) AS v(
        tenant_id int, programme_id int, member_id uuid, number int, survivor_id uuid, passed jsonb, debts jsonb,
        identifiers jsonb, counters jsonb, cause uuid, tier text)
    LOOP
        INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                                   identifiers, counters, cause, merged_at)
        VALUES (one.tenant_id, one.programme_id, one.member_id, one.number, one.survivor_id, one.survivor_id, one.passed,
                one.debts, ARRAY(SELECT jsonb_array_elements_text(one.identifiers)), one.counters, one.cause, p_now);
        UPDATE members.merge g SET leads_to = one.survivor_id
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.leads_to = one.member_id
          AND g.undone_at IS NULL;
        UPDATE ledger.member m SET merged = true
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.member_id;
        UPDATE ledger.member m SET tier = one.tier
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.survivor_id
          AND m.tier IS NULL AND one.tier IS NOT NULL;
        UPDATE members.identifier i SET member_id = one.survivor_id
        WHERE i.tenant_id = one.tenant_id AND i.programme_id = one.programme_id AND i.member_id = one.member_id;
        UPDATE members.tier_standing t SET due_at = NULL
        WHERE t.tenant_id = one.tenant_id AND t.programme_id = one.programme_id AND t.member_id = one.member_id;
    END LOOP;

    FOR one IN SELECT * FROM jsonb_to_recordset(p_undone) AS v(
        tenant_id int, programme_id int, member_id uuid, number int, survivor_id uuid, returned jsonb, cause uuid)
    LOOP
        UPDATE members.merge g SET returned = one.returned, undone_by = one.cause, undone_at = p_now
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = one.member_id
          AND g.number = one.number;
        WITH RECURSIVE behind AS (
            SELECT g.member_id FROM members.merge g
            WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.survivor_id = one.member_id
              AND g.undone_at IS NULL
            UNION
            SELECT g.member_id FROM behind b JOIN members.merge g
                ON g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.survivor_id = b.member_id
               AND g.undone_at IS NULL
        )
        UPDATE members.merge g SET leads_to = one.member_id
        FROM behind b
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = b.member_id
          AND g.undone_at IS NULL;
        UPDATE ledger.member m SET merged = false
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.member_id;
        UPDATE members.identifier i SET member_id = one.member_id
        FROM members.merge g
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = one.member_id
          AND g.number = one.number AND i.tenant_id = one.tenant_id AND i.programme_id = one.programme_id
          AND i.identifier = ANY (g.identifiers) AND i.member_id = one.survivor_id;
        UPDATE members.tier_standing t SET due_at = p_now
        WHERE t.tenant_id = one.tenant_id AND t.programme_id = one.programme_id AND t.member_id = one.member_id;
    END LOOP;
END $$;

-- Members to whom referrals owe more than a switch let them have when they were looked at, and the event of that look. They
-- are looked at again as soon as the switch is on.
CREATE TABLE earning.referral_waiting (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    cause uuid NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
);

SELECT platform.protect('earning.referral_waiting', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT SELECT, INSERT, UPDATE (cause), DELETE ON earning.referral_waiting TO pointstream_earning;
GRANT SELECT ON earning.referral_waiting TO pointstream_operator;

-- ==== exceptions from expiry =======================================================================================
-- What spares members, and the waivers that come of it; what it says of each is on the head (ledger.member.keeps).

-- Why points did not lapse at their boundary: beside the movement that gave them a later date.
CREATE TABLE ledger.waiver (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    spared_by text NOT NULL CHECK (spared_by IN ('tier', 'segment', 'member')),
    spared_as text NOT NULL, -- the level, the segment, or the reason that a person gave
    programme_version int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, seq),
    FOREIGN KEY (tenant_id, programme_id, member_id, seq) REFERENCES ledger.movement
);

-- Members whom a person spares, and until when. What it says is on the member's head too.
CREATE TABLE members.exemption (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    given_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    PRIMARY KEY (tenant_id, programme_id, member_id, number)
);

-- How far the heads of a programme's members were brought to what its versions say: their digest, the last member, the end.
CREATE TABLE members.exemption_pass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    rules text NOT NULL,
    programme_version int NOT NULL,
    after_member uuid,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

SELECT platform.protect('ledger.waiver'::regclass, ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_expiry']);
SELECT platform.protect('members.exemption'::regclass, ARRAY['pointstream_operator', 'pointstream_earning']);
SELECT platform.protect('members.exemption_pass'::regclass,
                        ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_expiry']);

GRANT INSERT ON ledger.waiver TO pointstream_earning, pointstream_redemption, pointstream_expiry;
GRANT SELECT ON ledger.waiver TO pointstream_earning, pointstream_expiry, pointstream_gateway, pointstream_operator;
GRANT UPDATE (keeps) ON ledger.member TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT UPDATE (now_expires_at) ON ledger.lot TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (rules, programme_version, after_member, done) ON members.exemption_pass TO pointstream_earning;
GRANT USAGE ON SCHEMA members TO pointstream_expiry;
GRANT SELECT ON members.exemption_pass TO pointstream_expiry, pointstream_operator;
GRANT SELECT ON members.exemption TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON members.exemption TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (spared, waived) ON expiry.sweep TO pointstream_expiry;

-- ==== reminders ====================================================================================================

-- One row a programme, wallet, boundary and step of the series, made when the step comes due: it runs, or is skipped because
-- a later one was due already or the boundary had passed; what these overtake while it runs is stopped. `since` is the
-- boundary of the wallet before this one, or when it started if that was later: what lapses before is no concern of it.
CREATE TABLE expiry.reminder (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    wallet text NOT NULL,
    boundary timestamptz NOT NULL,
    step text NOT NULL,
    days int NOT NULL,
    due_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    local_date date NOT NULL,
    zone text NOT NULL,
    programme_version int NOT NULL,
    min_points bigint NOT NULL,
    tiers text[] NOT NULL,
    segments text[] NOT NULL,
    worth_points bigint, -- so many points are worth so much, if anything
    worth_minor bigint,
    state text NOT NULL CHECK (state IN ('running', 'finished', 'skipped', 'stopped')),
    members bigint NOT NULL DEFAULT 0, -- who lose something when it starts, whether it is for them or not
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, wallet, boundary, step),
    CHECK ((ended_at IS NULL) = (state = 'running'))
);
CREATE INDEX reminder_due ON expiry.reminder (tenant_id, due_at);
CREATE INDEX reminder_running ON expiry.reminder (due_at) WHERE state = 'running';

-- Members of a step behind `after`, up to `last`, told of in one transaction. The lease is as in expiry.chunk. `told` has
-- members, lots and points by tier.
CREATE TABLE expiry.reminder_chunk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    wallet text NOT NULL,
    boundary timestamptz NOT NULL,
    step text NOT NULL,
    number int NOT NULL,
    after uuid NOT NULL,
    last uuid NOT NULL,
    epoch int NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    finished boolean NOT NULL DEFAULT false,
    told jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (tenant_id, programme_id, wallet, boundary, step, number)
) WITH (fillfactor = 50);

-- Who loses what of a wallet at a boundary, of the members behind p_after up to p_last: what is free of their lots whose dates
-- lie behind p_since and no later than the boundary. Without those for whom an activation is due by then, for what they
-- owe is repaid before anything lapses, and those whom something may spare: these are computed member by member
-- (libs/sweeps/losing.py). Nobody else asks this of lots.
CREATE FUNCTION expiry.losing(
    p_tenant int, p_programme int, p_wallet text, p_since timestamptz, p_boundary timestamptz, p_after uuid, p_last uuid
) RETURNS TABLE (member_id uuid, spread int, tier text, lots bigint, points bigint)
LANGUAGE sql STABLE AS $$
    SELECT m.member_id, m.spread, m.tier, count(*), sum(l.remaining - l.held)::bigint
    FROM ledger.member m
    JOIN ledger.lot l USING (tenant_id, programme_id, member_id)
    WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id > p_after AND m.member_id <= p_last
      AND m.lapses_at <= p_boundary AND (m.activates_at IS NULL OR m.activates_at > p_boundary) AND m.keeps IS NULL
      AND l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id > p_after AND l.member_id <= p_last
      AND l.wallet = p_wallet AND l.remaining > l.held
      AND coalesce(l.now_expires_at, l.expires_at) > p_since AND coalesce(l.now_expires_at, l.expires_at) <= p_boundary
    GROUP BY m.member_id, m.spread, m.tier
$$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.reminder', 'expiry.reminder_chunk']) AS name;
CREATE POLICY pointstream_expiry_reminds ON members.segment_member TO pointstream_expiry USING (true);

GRANT USAGE ON SCHEMA members TO pointstream_expiry;
GRANT SELECT ON members.segment_member TO pointstream_expiry;
GRANT SELECT, INSERT ON expiry.reminder, expiry.reminder_chunk TO pointstream_expiry;
GRANT UPDATE (state, ended_at) ON expiry.reminder TO pointstream_expiry;
GRANT UPDATE (epoch, holder, lease_until, finished, told) ON expiry.reminder_chunk TO pointstream_expiry;
GRANT SELECT ON expiry.reminder, expiry.reminder_chunk TO pointstream_gateway, pointstream_operator;

-- ==== channels =====================================================================================================
-- Webhooks: who wants to hear of what, what they are told, and every attempt. Times of attempts are the machine's.

-- An endpoint that is `off` is told nothing; what waits for it waits on. `gone` is one that answered 410. The secret is
-- sealed; the one of before signs too until `old_until`. Nothing goes there before `paused_until`, as it asked.
CREATE TABLE notifier.webhook_endpoint (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    url text NOT NULL,
    event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
    style text NOT NULL CHECK (style IN ('thin', 'full')),
    description text NOT NULL,
    secret bytea NOT NULL,
    old_secret bytea,
    old_until timestamptz,
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off', 'gone')),
    state_at timestamptz NOT NULL,
    paused_until timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    asked_at timestamptz NOT NULL, -- from when it asks for its types
    PRIMARY KEY (tenant_id, endpoint_id),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);

-- The topics that are read for endpoints: those that some endpoint asks for, from when the first one did.
CREATE TABLE notifier.webhook_topic (
    topic text PRIMARY KEY,
    since timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON notifier.webhook_topic TO pointstream_notifier;

-- What an endpoint is told, once an event. `failed` counts the attempts since it was last asked for, `attempts` all of them.
-- The lease says who is at it; `epoch` counts who took it, so that one who was given up writes nothing any more.
CREATE TABLE notifier.webhook_message (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    body bytea NOT NULL CHECK (length(body) < 20000),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    due_at timestamptz NOT NULL,
    failed int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    ended_at timestamptz,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id, message_id),
    CHECK ((ended_at IS NULL) = (state = 'waiting'))
) WITH (fillfactor = 80);
CREATE INDEX webhook_message_due ON notifier.webhook_message (tenant_id, endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_message_queued ON notifier.webhook_message (tenant_id, endpoint_id, queued_at, message_id);
CREATE INDEX webhook_message_occurred ON notifier.webhook_message (tenant_id, endpoint_id, occurred_at, message_id);
CREATE INDEX webhook_message_ended ON notifier.webhook_message (ended_at) WHERE ended_at IS NOT NULL;

-- One attempt: what was answered, or why nothing was. Of the answer no more than a kilobyte of text is kept.
CREATE TABLE notifier.webhook_attempt (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    number int NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    took_ms int NOT NULL CHECK (took_ms >= 0),
    outcome text NOT NULL CHECK (outcome IN ('delivered', 'failed', 'gone')),
    status int,
    why text NOT NULL,
    answer text NOT NULL CHECK (length(answer) <= 1024),
    PRIMARY KEY (tenant_id, endpoint_id, message_id, number)
);

-- Whoever carries messages for a company, one a channel: which kind of provider, and its settings with the credentials, sealed.
-- Workers read it again when the version has changed.
CREATE TABLE notifier.provider (
    tenant_id int NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push', 'web_push', 'http', 'file', 'social')),
    kind text NOT NULL,
    settings bytea NOT NULL,
    version int NOT NULL DEFAULT 1,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    PRIMARY KEY (tenant_id, channel)
);

-- What a member finds in the app, and what a till shows: the words, sealed, until they are read or have expired.
CREATE TABLE notifier.inbox (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    message_id uuid NOT NULL,
    place text NOT NULL CHECK (place IN ('inbox', 'till')),
    words bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz,
    read_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, message_id),
    CHECK (expires_at > sent_at)
);
CREATE INDEX inbox_newest ON notifier.inbox (tenant_id, programme_id, member_id, place, sent_at DESC, message_id DESC);

-- What text messages of a company have cost on a day of the clock, in segments: no more are sent than its cap allows.
CREATE TABLE notifier.sms_day (
    tenant_id int NOT NULL,
    day date NOT NULL,
    segments bigint NOT NULL CHECK (segments >= 0),
    refused bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.webhook_endpoint', 'notifier.webhook_message', 'notifier.webhook_attempt', 'notifier.provider',
                  'notifier.inbox', 'notifier.sms_day']) AS name;

GRANT USAGE ON SCHEMA notifier TO pointstream_gateway;
GRANT SELECT ON notifier.webhook_endpoint, notifier.provider TO pointstream_notifier;
GRANT UPDATE (state, state_at, paused_until) ON notifier.webhook_endpoint TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.webhook_message, notifier.webhook_attempt, notifier.inbox TO pointstream_notifier;
GRANT UPDATE (state, due_at, failed, attempts, ended_at, epoch, lease_until) ON notifier.webhook_message
    TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (segments, refused) ON notifier.sms_day TO pointstream_notifier;

GRANT SELECT, INSERT, DELETE ON notifier.webhook_endpoint, notifier.webhook_message TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (url, event_types, style, description, secret, old_secret, old_until, state, state_at, paused_until, asked_at)
    ON notifier.webhook_endpoint TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (state, due_at, failed, ended_at) ON notifier.webhook_message TO pointstream_gateway, pointstream_operator;
GRANT SELECT, DELETE ON notifier.webhook_attempt TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, DELETE, UPDATE (kind, settings, version, set_at, set_by) ON notifier.provider
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (read_at) ON notifier.inbox TO pointstream_gateway;
GRANT SELECT ON notifier.sms_day TO pointstream_gateway, pointstream_operator;
-- ==== notifier ===============================================================================================
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
    purpose text NOT NULL CHECK (purpose IN ('service', 'marketing', 'profiling', 'location')),
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
CREATE INDEX feedback_applied ON notifier.feedback (applied_at) WHERE applied_at IS NOT NULL;

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
CREATE INDEX captured_others ON notifier.captured (captured_at DESC) WHERE channel <> 'file';
CREATE INDEX captured_letters ON notifier.captured (captured_at) WHERE channel = 'file';

-- Makes the partitions of a month, where they are not there; what lies in the rest of it moves. Called by the notifier ahead of time.
CREATE FUNCTION notifier.keep_month(p_day date) RETURNS boolean
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
REVOKE ALL ON FUNCTION notifier.keep_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifier.keep_month(date) TO pointstream_notifier, pointstream_operator;

-- Drops the deliveries and steps of a month as a whole; never row by row.
CREATE FUNCTION notifier.drop_month(p_day date) RETURNS boolean
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
GRANT SELECT, INSERT, DELETE ON notifier.feedback TO pointstream_notifier;
GRANT UPDATE (applied_at) ON notifier.feedback TO pointstream_notifier;
GRANT SELECT ON ledger.member, ledger.lot, ledger.lot_now, ledger.debt, members.tier_standing TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_notifier;
GRANT SELECT, INSERT ON stream.outbox, stream.dead_letter TO pointstream_notifier;
-- The door looks, and tells what it hears.
GRANT SELECT ON notifier.delivery, notifier.captured TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON notifier.feedback TO pointstream_gateway;
-- Whoever erases a member also takes away the words that wait for the member, and what names an address.
GRANT SELECT, DELETE ON notifier.inbox, notifier.captured, notifier.feedback TO pointstream_operator;
GRANT UPDATE (digest, provider_id) ON notifier.delivery TO pointstream_operator;
-- ==== templates =====================================================================================================

-- The words of messages: published versions of templates, and the images that they show.

-- One row a version at a place (message, brand, language, channel), counted from 1. Nobody changes or deletes one: what was sent
-- can be read again. A version without a source withdraws the template, and what lies behind it is taken.
CREATE TABLE notifier.template (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    brand text NOT NULL, -- empty for the programme's own
    language text NOT NULL,
    channel text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('published', 'withdrawn')),
    purpose text,
    source jsonb, -- as somebody wrote it
    compiled jsonb, -- its gaps are still there, MJML has become HTML
    note text,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name, brand, language, channel, version),
    CHECK ((state = 'withdrawn') = (source IS NULL)),
    CHECK ((source IS NULL) = (compiled IS NULL)),
    CHECK ((source IS NULL) = (purpose IS NULL))
);

-- Images, named by the SHA-256 of their bytes.
CREATE TABLE notifier.media (
    tenant_id int NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    media_type text NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp')),
    content bytea NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
ALTER TABLE notifier.media ALTER COLUMN content SET STORAGE EXTERNAL; -- they are compressed already
CREATE INDEX media_digest ON notifier.media (digest);

SELECT platform.protect('notifier.template', ARRAY['pointstream_operator', 'pointstream_notifier']);
-- Whoever got a message may see what it shows: the door gives an image to whoever has its name, which nobody guesses.
SELECT platform.protect('notifier.media', ARRAY['pointstream_operator', 'pointstream_gateway']);

GRANT USAGE ON SCHEMA notifier TO pointstream_gateway;
GRANT SELECT, INSERT ON notifier.template, notifier.media TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON notifier.template TO pointstream_notifier;

-- ==== scenarios =====================================================================================================

-- The notifier asks whether a member has reached the goal of a scenario, and is in the segments that a step is for.
CREATE POLICY pointstream_notifier_works ON ledger.movement TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON members.segment_member TO pointstream_notifier USING (true);
GRANT SELECT ON ledger.movement, members.segment_member TO pointstream_notifier;

-- ==== mass messages =================================================================================================

-- Messages to many members at once: what is wanted, how far it is, and what it comes to.

-- `wanted` is what somebody wrote (libs/mass/wanted.py); `digest` tells a repeat of a request from another one.
--   counted, count_after    how many members were looked at, and behind whom the count goes on
--   members                 how many it is for, once they are counted
--   approval_above          bound by which a second person was needed, when it was sent
--   begins_at               when the first was laid down: it is of use for so many hours from then on
--   laid, lay_after         how many deliveries were laid down, and behind whom that goes on; laid_at: all of them
--   paced_at, paced_laid    since when the pace is reckoned, and from how many on; NULL has it reckoned anew
CREATE TABLE notifier.mass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    wanted jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('counting', 'counted', 'awaiting_approval', 'refused', 'scheduled', 'sending',
                                         'paused', 'cancelled', 'finished')),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    counted int NOT NULL DEFAULT 0,
    count_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    counted_at timestamptz,
    members int,
    starts_at timestamptz,
    sent_by text,
    sent_at timestamptz,
    approval_above bigint,
    decided_by text,
    decided_at timestamptz,
    begins_at timestamptz,
    laid int NOT NULL DEFAULT 0,
    lay_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    laid_at timestamptz,
    paced_at timestamptz,
    paced_laid int NOT NULL DEFAULT 0,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, mass_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('refused', 'cancelled', 'finished'))),
    CHECK ((counted_at IS NULL) = (members IS NULL)),
    CHECK (begins_at IS NOT NULL OR laid = 0)
);
CREATE INDEX mass_under_way ON notifier.mass (state) WHERE state IN ('counting', 'scheduled', 'sending');
CREATE INDEX mass_newest ON notifier.mass (tenant_id, made_at DESC, mass_id DESC);
CREATE INDEX mass_named ON notifier.mass (mass_id);

-- Whom it is for, where they were named one by one.
CREATE TABLE notifier.mass_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    member_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, mass_id, member_id)
);

-- What the count found: each member once, by what would be decided over which channel, and why.
CREATE TABLE notifier.mass_count (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    variant text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('send', 'wait', 'drop')),
    channel text NOT NULL,
    reason text NOT NULL, -- empty for what would be sent
    members int NOT NULL CHECK (members > 0),
    PRIMARY KEY (tenant_id, programme_id, mass_id, variant, verdict, channel, reason)
);

-- The deliveries of a mass message, and how they stand.
CREATE INDEX delivery_of_mass ON notifier.delivery (tenant_id, programme_id, occasion, state) WHERE occasion LIKE 'mass/%';

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.mass', 'notifier.mass_member', 'notifier.mass_count']) AS name;
CREATE POLICY pointstream_notifier_works ON members.member TO pointstream_notifier USING (true);

GRANT SELECT ON members.member, ledger.journal TO pointstream_notifier;
GRANT SELECT ON notifier.mass, notifier.mass_member TO pointstream_notifier;
GRANT UPDATE (state, counted, count_after, counted_at, members, begins_at, laid, lay_after, laid_at, paced_at, paced_laid, ended_at)
    ON notifier.mass TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (members) ON notifier.mass_count TO pointstream_notifier;
GRANT SELECT, INSERT ON notifier.mass, notifier.mass_member TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (state, counted, count_after, counted_at, members, starts_at, sent_by, sent_at, approval_above, decided_by,
              decided_at, paced_at, ended_at) ON notifier.mass TO pointstream_gateway, pointstream_operator;
GRANT SELECT, DELETE ON notifier.mass_count TO pointstream_gateway, pointstream_operator;

-- Letters to people of the company: templates that somebody tries on an address of their own, and figures sent to operators.
-- They are nobody's message: no member, no consent, no cap, and no delivery. `sealed` holds address and words, until it is over.
CREATE TABLE notifier.own_letter (
    tenant_id int NOT NULL,
    letter_id uuid NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('test', 'results', 'invitation', 'confirmation')),
    channel text NOT NULL,
    message text NOT NULL,
    digest bytea NOT NULL, -- of the request, to tell a repeat from another one
    sealed bytea,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'handed', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    reason text,
    detail text,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, letter_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('handed', 'failed'))),
    CHECK ((lease_until IS NOT NULL) = (state = 'sending'))
);
CREATE INDEX own_letter_due ON notifier.own_letter (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX own_letter_tried ON notifier.own_letter (tenant_id, asked_by, asked_at) WHERE kind = 'test'; -- how many of late

-- Who gets a programme's figures, how often, and when next. `sealed` is the address.
CREATE TABLE notifier.result_mail (
    tenant_id int NOT NULL,
    result_mail_id uuid NOT NULL,
    programme_id int NOT NULL,
    digest bytea NOT NULL,
    every text NOT NULL CHECK (every IN ('day', 'week', 'month')),
    hour smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    language text NOT NULL,
    sealed bytea NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, result_mail_id)
);
CREATE INDEX result_mail_due ON notifier.result_mail (next_at);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.own_letter', 'notifier.result_mail']) AS name;
GRANT SELECT, INSERT, UPDATE (sealed, state, attempts, due_at, lease_until, reason, detail, ended_at) ON notifier.own_letter
    TO pointstream_notifier;
GRANT SELECT, INSERT ON notifier.own_letter TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (next_at) ON notifier.result_mail TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.result_mail TO pointstream_gateway, pointstream_operator;

-- Posts on a company's own pages on a network: written, approved, published page by page. No member is in them.
CREATE TABLE notifier.post (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    post_id uuid NOT NULL,
    digest bytea NOT NULL, -- of the request, to tell a repeat from another one
    name text NOT NULL,
    wanted jsonb NOT NULL,
    state text NOT NULL
        CHECK (state IN ('draft', 'awaiting_approval', 'refused', 'scheduled', 'published', 'failed', 'cancelled')),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    starts_at timestamptz,
    sent_by text,
    sent_at timestamptz,
    two_people boolean NOT NULL DEFAULT false,
    decided_by text,
    decided_at timestamptz,
    begins_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, post_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('refused', 'published', 'failed', 'cancelled')))
);
CREATE INDEX post_newest ON notifier.post (tenant_id, made_at DESC, post_id DESC);
CREATE INDEX post_begins ON notifier.post (made_at) WHERE state = 'scheduled' AND begins_at IS NULL;

-- A post on one page. `tried_at` is the first attempt by the machine's clock: from there on a page is searched for it.
CREATE TABLE notifier.post_page (
    tenant_id int NOT NULL,
    post_id uuid NOT NULL,
    page text NOT NULL,
    publication_id uuid NOT NULL,
    language text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'published', 'failed', 'cancelled')),
    attempts int NOT NULL DEFAULT 0,
    tried_at timestamptz,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    provider_id text,
    reason text,
    detail text,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, post_id, page),
    UNIQUE (tenant_id, publication_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('published', 'failed', 'cancelled'))),
    CHECK ((lease_until IS NOT NULL) = (state = 'sending'))
);
CREATE INDEX post_page_due ON notifier.post_page (due_at) WHERE state IN ('waiting', 'sending');

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.post', 'notifier.post_page']) AS name;
GRANT SELECT, UPDATE (state, begins_at, ended_at) ON notifier.post TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (state, attempts, tried_at, due_at, lease_until, provider_id, reason, detail, ended_at)
    ON notifier.post_page TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (state, sent_by, sent_at, two_people, decided_by, decided_at, ended_at) ON notifier.post
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (state, attempts, due_at, ended_at) ON notifier.post_page TO pointstream_gateway, pointstream_operator;

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
-- Codes that are worth something, in pools: coupons and vouchers.

-- Codes of one kind, with the rules by which they count (`rules`, a document) and what they look like (`pattern`; null where
-- they were brought along). `codes` is how many were ever put in, `last_number` the place of the last. `exhausted_at` says
-- since when there is none left for whoever asks; it goes when more are put in.
CREATE TABLE redemption.code_pool (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    pool_id int GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    kind text NOT NULL CHECK (kind IN ('coupon', 'voucher')),
    pattern jsonb,
    rules jsonb NOT NULL,
    revision int NOT NULL DEFAULT 1,
    paused boolean NOT NULL DEFAULT false,
    codes bigint NOT NULL DEFAULT 0,
    last_number bigint NOT NULL DEFAULT 0,
    exhausted_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, pool_id),
    UNIQUE (tenant_id, programme_id, name)
);
CREATE INDEX code_pool_exhausted ON redemption.code_pool (tenant_id, pool_id) WHERE exhausted_at IS NOT NULL;

-- A code. Its id is a keyed digest of it, its text is sealed: neither gives the code to whoever has the table alone. `number`
-- is its place in the pool, in which codes are handed out; `issue` says for what it was handed out, so that it is one for one.
-- `uses` counts the redemptions that stand.
CREATE TABLE redemption.code (
    tenant_id int NOT NULL,
    code_id uuid NOT NULL,
    pool_id int NOT NULL,
    number bigint NOT NULL,
    state text NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'assigned', 'published', 'redeemed', 'void')),
    uses int NOT NULL DEFAULT 0 CHECK (uses >= 0),
    sealed bytea NOT NULL,
    member_id uuid,
    issue uuid,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    assigned_at timestamptz,
    published_at timestamptz,
    redeemed_at timestamptz,
    voided_at timestamptz,
    PRIMARY KEY (tenant_id, code_id),
    CHECK ((state = 'void') = (voided_at IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX code_free ON redemption.code (tenant_id, pool_id, number) WHERE state = 'created';
CREATE INDEX code_taken ON redemption.code (tenant_id, pool_id, state) WHERE state <> 'created';
CREATE INDEX code_of_member ON redemption.code (tenant_id, member_id, assigned_at) WHERE member_id IS NOT NULL;
CREATE UNIQUE INDEX code_of_issue ON redemption.code (tenant_id, issue) WHERE issue IS NOT NULL;

-- A redemption of a code; `returned_at` when it was undone. `use_id` follows from the request that made it. Amounts are minor
-- units of `currency`.
CREATE TABLE redemption.code_use (
    tenant_id int NOT NULL,
    use_id uuid NOT NULL,
    code_id uuid NOT NULL,
    pool_id int NOT NULL,
    member_id uuid,
    reference text CHECK (length(reference) BETWEEN 1 AND 64),
    store text,
    currency text,
    total_minor bigint,
    discount_minor bigint,
    used_at timestamptz NOT NULL,
    returned_at timestamptz,
    PRIMARY KEY (tenant_id, use_id)
);
CREATE INDEX code_use_of_code ON redemption.code_use (tenant_id, code_id, used_at);
CREATE INDEX code_use_of_member ON redemption.code_use (tenant_id, member_id, pool_id) WHERE member_id IS NOT NULL;

-- Codes that were tried and are none, by who tried (a credential, a member) and the minute. Old minutes are deleted.
CREATE TABLE redemption.code_miss (
    tenant_id int NOT NULL,
    who text NOT NULL,
    minute timestamptz NOT NULL,
    misses int NOT NULL,
    PRIMARY KEY (tenant_id, who, minute)
);
CREATE INDEX code_miss_by_age ON redemption.code_miss (minute);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.code_pool', 'redemption.code', 'redemption.code_use', 'redemption.code_miss']) AS name;

-- Puts codes into a pool and says which went in: those that the tenant has already do not. The pool's row is locked, so that
-- numbers follow the order given.
CREATE FUNCTION redemption.add_codes(p_tenant int, p_pool int, p_ids uuid[], p_sealed bytea[], p_now timestamptz)
RETURNS TABLE (code_id uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_before bigint;
    v_added bigint;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT p.last_number INTO STRICT v_before FROM redemption.code_pool p
    WHERE p.tenant_id = p_tenant AND p.pool_id = p_pool FOR NO KEY UPDATE;
    RETURN QUERY
    INSERT INTO redemption.code (tenant_id, code_id, pool_id, number, sealed, created_at)
    SELECT p_tenant, n.id, p_pool, v_before + n.place, n.sealed, p_now
    FROM unnest(p_ids, p_sealed) WITH ORDINALITY AS n(id, sealed, place)
    ON CONFLICT (tenant_id, code_id) DO NOTHING
    RETURNING code.code_id;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    UPDATE redemption.code_pool p
    SET codes = p.codes + v_added, last_number = v_before + cardinality(p_ids), changed_at = p_now,
        exhausted_at = CASE WHEN v_added > 0 THEN NULL ELSE p.exhausted_at END
    WHERE p.tenant_id = p_tenant AND p.pool_id = p_pool;
END $$;

-- Hands codes of a pool out, one for each issue and its member, in the order of the pool. What was handed out for an issue
-- before is given again. Codes that others have in hand are passed over. Where there are not enough, the last issues get none,
-- and the pool says so.
CREATE FUNCTION redemption.take_codes(
    p_tenant int, p_programme int, p_pool text, p_members uuid[], p_issues uuid[], p_now timestamptz
) RETURNS TABLE (issue uuid, code_id uuid, sealed bytea, expires_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_pool redemption.code_pool;
    v_new uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT * INTO v_pool FROM redemption.code_pool p
    WHERE p.tenant_id = p_tenant AND p.programme_id = p_programme AND p.name = p_pool;
    IF NOT FOUND OR v_pool.paused THEN
        RETURN QUERY SELECT c.issue, c.code_id, c.sealed, c.expires_at FROM redemption.code c
        WHERE c.tenant_id = p_tenant AND c.issue = ANY (p_issues);
        RETURN;
    END IF;
    SELECT array_agg(w.issue ORDER BY w.place) INTO v_new
    FROM unnest(p_issues) WITH ORDINALITY AS w(issue, place)
    WHERE NOT EXISTS (SELECT FROM redemption.code c WHERE c.tenant_id = p_tenant AND c.issue = w.issue);
    IF v_new IS NOT NULL THEN
        WITH free AS (
            SELECT c.code_id, c.number FROM redemption.code c
            WHERE c.tenant_id = p_tenant AND c.pool_id = v_pool.pool_id AND c.state = 'created'
            ORDER BY c.number LIMIT cardinality(v_new) FOR UPDATE SKIP LOCKED
        ), paired AS (
            SELECT f.code_id, v_new[row_number() OVER (ORDER BY f.number)] AS issue FROM free f
        )
        UPDATE redemption.code c
        SET state = 'assigned', issue = p.issue, member_id = p_members[array_position(p_issues, p.issue)],
            assigned_at = p_now, expires_at = p_now + make_interval(days => (v_pool.rules ->> 'valid_days')::int)
        FROM paired p WHERE c.tenant_id = p_tenant AND c.code_id = p.code_id;
    END IF;
    RETURN QUERY SELECT c.issue, c.code_id, c.sealed, c.expires_at FROM redemption.code c
    WHERE c.tenant_id = p_tenant AND c.issue = ANY (p_issues);
    IF v_pool.exhausted_at IS NULL AND NOT EXISTS (
        SELECT FROM redemption.code c WHERE c.tenant_id = p_tenant AND c.pool_id = v_pool.pool_id AND c.state = 'created'
    ) THEN
        UPDATE redemption.code_pool p SET exhausted_at = p_now
        WHERE p.tenant_id = p_tenant AND p.pool_id = v_pool.pool_id AND p.exhausted_at IS NULL;
    END IF;
END $$;

-- Counts a miss, and forgets minutes of the same one that no longer matter.
CREATE FUNCTION redemption.count_miss(p_tenant int, p_who text[], p_minute timestamptz, p_forget timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    INSERT INTO redemption.code_miss AS m (tenant_id, who, minute, misses)
    SELECT p_tenant, w, p_minute, 1 FROM unnest(p_who) AS w ORDER BY w
    ON CONFLICT (tenant_id, who, minute) DO UPDATE SET misses = m.misses + 1;
    DELETE FROM redemption.code_miss m WHERE m.tenant_id = p_tenant AND m.who = ANY (p_who) AND m.minute < p_forget;
END $$;

GRANT SELECT, INSERT ON redemption.code_pool, redemption.code, redemption.code_use, redemption.code_miss
    TO pointstream_redemption;
GRANT UPDATE (rules, revision, paused, codes, last_number, exhausted_at, changed_at) ON redemption.code_pool
    TO pointstream_redemption;
GRANT UPDATE (state, uses, member_id, issue, expires_at, assigned_at, published_at, redeemed_at, voided_at) ON redemption.code
    TO pointstream_redemption;
GRANT UPDATE (returned_at) ON redemption.code_use TO pointstream_redemption;
GRANT UPDATE (misses), DELETE ON redemption.code_miss TO pointstream_redemption;

GRANT SELECT ON redemption.code_pool, redemption.code, redemption.code_use, redemption.code_miss
    TO pointstream_gateway, pointstream_operator;
-- The door stops pools of codes.
GRANT UPDATE (paused, revision, changed_at) ON redemption.code_pool TO pointstream_gateway;
-- The command line makes pools and fills them.
GRANT INSERT, UPDATE (rules, revision, paused, codes, last_number, exhausted_at, changed_at) ON redemption.code_pool
    TO pointstream_operator;
GRANT INSERT ON redemption.code TO pointstream_operator;

-- Gift cards: their money, and the entries by which it moved. Apart from points, which are no money.

-- A card as its entries make it. The id is a keyed digest of the number, which is sealed, as with codes. `law` and
-- `law_version` say under which rules it was sold.
CREATE TABLE redemption.gift_card (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    card_id uuid NOT NULL,
    sealed bytea NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    law text NOT NULL,
    law_version int NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'blocked')),
    initial_minor bigint NOT NULL CHECK (initial_minor > 0),
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
    seq bigint NOT NULL CHECK (seq > 0),
    member_id uuid,
    expires_at timestamptz,
    issued_at timestamptz NOT NULL,
    last_load_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, card_id)
) WITH (fillfactor = 80);
CREATE INDEX gift_card_to_expire ON redemption.gift_card (expires_at) WHERE balance_minor > 0 AND expires_at IS NOT NULL;
CREATE INDEX gift_card_of_member ON redemption.gift_card (tenant_id, member_id, issued_at) WHERE member_id IS NOT NULL;

-- A movement of money between a card and another account; rows are appended, and numbered without a gap by card. `cause` names
-- the request, so that it moves money once; a transfer has one entry on each of two cards.
CREATE TABLE redemption.gift_card_entry (
    tenant_id int NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    kind text NOT NULL CHECK (kind IN ('issue', 'top_up', 'use', 'refund', 'transfer_out', 'transfer_in', 'cash_out',
                                       'expire')),
    source text NOT NULL,
    target text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    at timestamptz NOT NULL,
    cause uuid NOT NULL,
    reference text CHECK (length(reference) BETWEEN 1 AND 64),
    of_seq bigint,
    other_card uuid,
    PRIMARY KEY (tenant_id, card_id, seq),
    CHECK ((source = 'card') <> (target = 'card')),
    CHECK ((kind = 'refund') = (of_seq IS NOT NULL)),
    CHECK ((kind IN ('transfer_out', 'transfer_in')) = (other_card IS NOT NULL))
);
CREATE UNIQUE INDEX gift_card_entry_of_cause ON redemption.gift_card_entry (tenant_id, cause, card_id);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.gift_card', 'redemption.gift_card_entry']) AS name;

GRANT SELECT, INSERT ON redemption.gift_card, redemption.gift_card_entry TO pointstream_redemption;
GRANT UPDATE (state, balance_minor, seq, member_id, expires_at, last_load_at, changed_at) ON redemption.gift_card
    TO pointstream_redemption;
GRANT SELECT ON redemption.gift_card, redemption.gift_card_entry TO pointstream_gateway, pointstream_operator;

-- Carts: codes, points and gift cards that were set aside together for a receipt, and what became of it.

-- The parts are those of a request that was made under `cart_id` and can be made again: each part has a name that follows from
-- the cart's. `whole` says that all of them were had. `late` ones were taken anew when the receipt came, for their time was over.
-- Of what was bought for `total_minor`, so much was returned since; amounts are minor units of `currency`. `told` is the quote
-- that was answered.
CREATE TABLE redemption.cart (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    cart_id uuid NOT NULL,
    member_id uuid,
    receipt_key uuid NOT NULL,
    receipt_number text NOT NULL CHECK (length(receipt_number) BETWEEN 1 AND 64),
    store text,
    state text NOT NULL CHECK (state IN ('held', 'bought', 'returned', 'released', 'expired')),
    whole boolean NOT NULL DEFAULT false,
    late boolean NOT NULL DEFAULT false,
    fingerprint bytea NOT NULL,
    held_until timestamptz NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    returned_minor bigint NOT NULL DEFAULT 0 CHECK (returned_minor >= 0),
    parts jsonb NOT NULL,
    told jsonb NOT NULL,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cart_id)
);
CREATE UNIQUE INDEX cart_of_receipt ON redemption.cart (tenant_id, receipt_key) WHERE state = 'held';
CREATE INDEX cart_bought ON redemption.cart (tenant_id, receipt_key) WHERE state = 'bought';
CREATE INDEX cart_over ON redemption.cart (held_until) WHERE state = 'held';
CREATE INDEX cart_let_go ON redemption.cart (changed_at) WHERE state IN ('released', 'expired');

SELECT platform.protect('redemption.cart'::regclass, ARRAY['pointstream_operator', 'pointstream_redemption']);

GRANT SELECT, INSERT, DELETE ON redemption.cart TO pointstream_redemption;
GRANT UPDATE (state, whole, late, total_minor, returned_minor, parts, changed_at) ON redemption.cart TO pointstream_redemption;
GRANT SELECT ON redemption.cart TO pointstream_gateway, pointstream_operator;

-- `member_id` is whose receipt alone may bring it, null where anybody's may. `uses` are the redemptions of its codes, `late_uses`
-- the names that these have when they are had anew, in the same order. `word` is said in a transaction of its own by redemption,
-- and with its decision by earning: a receipt buys what is `held`; it buys again what is `expired`, its codes too where nobody
-- else has used them, and else without them (`spent`). What was `released` or came back whole (`returned`) is bought by nobody.
CREATE TABLE redemption.cart_word (
    tenant_id int NOT NULL,
    cart_id uuid NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    member_id uuid,
    uses uuid[] NOT NULL,
    late_uses uuid[] NOT NULL,
    word text NOT NULL DEFAULT 'held'
        CHECK (word IN ('held', 'bought', 'spent', 'released', 'expired', 'returned')),
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cart_id),
    CHECK (cardinality(uses) = cardinality(late_uses))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX cart_word_bought ON redemption.cart_word (tenant_id, receipt_key) WHERE word IN ('bought', 'spent');
SELECT platform.protect('redemption.cart_word', ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption']);

-- Has the codes of a cart again whose time was over, all of them or none, and says whether.
CREATE FUNCTION redemption.use_codes_again(p_tenant int, p_uses uuid[], p_late uuid[], p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_free int;
BEGIN
    PERFORM FROM redemption.code c
    WHERE c.tenant_id = p_tenant AND c.code_id IN (
        SELECT u.code_id FROM redemption.code_use u WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses)
    ) ORDER BY c.code_id FOR NO KEY UPDATE;
    SELECT count(*) INTO v_free
    FROM redemption.code_use u
    JOIN redemption.code c ON c.tenant_id = u.tenant_id AND c.code_id = u.code_id
    JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT g.leads_to FROM members.merge g
            WHERE g.tenant_id = p_tenant AND g.programme_id = p.programme_id AND g.member_id = u.member_id
              AND g.undone_at IS NULL
        ), u.member_id) AS survivor
    ) AS m
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND NOT p.paused AND c.state <> 'void'
      AND c.uses < coalesce(CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END, 2147483647)
      AND (u.member_id IS NULL OR NOT p.rules ? 'per_member' OR (p.rules ->> 'per_member')::int >= (
          SELECT count(*) FROM redemption.code_use o
          WHERE o.tenant_id = p_tenant AND o.pool_id = u.pool_id AND (o.returned_at IS NULL OR o.use_id = ANY (p_uses))
            AND o.member_id = ANY (m.survivor || ARRAY(
                SELECT g.member_id FROM members.merge g
                WHERE g.tenant_id = p_tenant AND g.programme_id = p.programme_id AND g.leads_to = m.survivor
                  AND g.undone_at IS NULL
            ))
      ));
    IF v_free < cardinality(p_uses) THEN
        RETURN false;
    END IF;
    INSERT INTO redemption.code_use (tenant_id, use_id, code_id, pool_id, member_id, reference, store, currency, total_minor,
                                     discount_minor, used_at)
    SELECT p_tenant, n.late_id, u.code_id, u.pool_id, u.member_id, u.reference, u.store, u.currency, u.total_minor,
           u.discount_minor, p_now
    FROM unnest(p_uses, p_late) AS n(use_id, late_id)
    JOIN redemption.code_use u ON u.tenant_id = p_tenant AND u.use_id = n.use_id;
    UPDATE redemption.code c
    SET uses = c.uses + 1, redeemed_at = p_now,
        state = CASE WHEN c.uses + 1 >= CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END THEN 'redeemed'
                     WHEN c.state = 'created' THEN 'published' ELSE c.state END
    FROM redemption.code_use u, redemption.code_pool p
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND c.tenant_id = p_tenant AND c.code_id = u.code_id
      AND p.tenant_id = p_tenant AND p.pool_id = c.pool_id;
    RETURN true;
END $$;

-- Buys carts for receipts of theirs, in the order given, and says for each what became of it: `bought`; `spent`, without its
-- codes; or a word by which it counts for nothing: `released`, `returned`, `unknown`, `other` where another cart was bought for
-- the receipt, `foreign` where whose it is, is not whose receipt it is (`p_owners`, null where nobody is known). Asked again it
-- says the same. `whose` is whose it is now, after merges. The transaction holds these members, so what redemption does under
-- its locks on carts must wait for no word.
CREATE FUNCTION redemption.buy_carts(p_tenants int[], p_carts uuid[], p_owners uuid[], p_now timestamptz)
RETURNS TABLE (became text, whose uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
    kept redemption.cart_word;
BEGIN
    PERFORM FROM redemption.cart_word c
    JOIN (SELECT DISTINCT v.tenant_id, v.cart_id FROM unnest(p_tenants, p_carts) AS v(tenant_id, cart_id)) AS a
        USING (tenant_id, cart_id)
    ORDER BY c.tenant_id, c.cart_id FOR NO KEY UPDATE OF c;
    FOR one IN SELECT * FROM unnest(p_tenants, p_carts, p_owners) AS v(tenant_id, cart_id, owner_id) LOOP
        SELECT * INTO kept FROM redemption.cart_word c WHERE c.tenant_id = one.tenant_id AND c.cart_id = one.cart_id;
        became := coalesce(kept.word, 'unknown');
        whose := coalesce((
            SELECT g.leads_to FROM members.merge g
            WHERE g.tenant_id = kept.tenant_id AND g.programme_id = kept.programme_id AND g.member_id = kept.member_id
              AND g.undone_at IS NULL
        ), kept.member_id);
        IF whose <> one.owner_id THEN
            became := 'foreign';
        ELSIF became IN ('held', 'expired') THEN
            IF EXISTS (
                SELECT FROM redemption.cart_word c
                WHERE c.tenant_id = kept.tenant_id AND c.receipt_key = kept.receipt_key AND c.word IN ('bought', 'spent')
            ) THEN
                became := 'other';
            ELSE
                IF became = 'held' OR redemption.use_codes_again(kept.tenant_id, kept.uses, kept.late_uses, p_now) THEN
                    became := 'bought';
                ELSE
                    became := 'spent';
                END IF;
                UPDATE redemption.cart_word c SET word = became, said_at = p_now
                WHERE c.tenant_id = one.tenant_id AND c.cart_id = one.cart_id;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE, UPDATE (word, said_at) ON redemption.cart_word TO pointstream_redemption;
GRANT SELECT, UPDATE (word, said_at) ON redemption.cart_word TO pointstream_earning;
GRANT SELECT ON redemption.cart_word TO pointstream_operator;
-- Earning has the codes of carts again that come late.
GRANT USAGE ON SCHEMA redemption TO pointstream_earning;
CREATE POLICY pointstream_earning_works ON redemption.code TO pointstream_earning USING (true);
CREATE POLICY pointstream_earning_works ON redemption.code_use TO pointstream_earning USING (true);
CREATE POLICY pointstream_earning_works ON redemption.code_pool TO pointstream_earning USING (true);
GRANT SELECT ON redemption.code_pool TO pointstream_earning;
GRANT SELECT, UPDATE (state, uses, redeemed_at) ON redemption.code TO pointstream_earning;
GRANT SELECT, INSERT ON redemption.code_use TO pointstream_earning;

-- Games paid in points: lotteries, prize wheels and auctions, and the badges that members collect.

-- A game: `document` says what can be won, by whom and when, `version` counts its changes, of which there are none once it is
-- open. `closes_at` is when it ends; late bids of an auction move it. `commitment` is the hash of its seed, told as it opens;
-- `seed` is null until it is over. `tickets` and `spins` count all that there ever were, `best` is the bid that leads.
CREATE TABLE redemption.game (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    kind text NOT NULL CHECK (kind IN ('lottery', 'wheel', 'auction')),
    version int NOT NULL DEFAULT 1,
    document jsonb NOT NULL,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'ended')),
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    commitment bytea,
    seed bytea,
    entries_digest bytea,
    tickets bigint NOT NULL DEFAULT 0 CHECK (tickets >= 0),
    spins bigint NOT NULL DEFAULT 0 CHECK (spins >= 0),
    best uuid,
    changed_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, game_id),
    UNIQUE (tenant_id, programme_id, name),
    CHECK (state = 'draft' OR kind = 'auction' OR commitment IS NOT NULL),
    CHECK (seed IS NULL OR state = 'ended')
) WITH (fillfactor = 70);
CREATE INDEX game_to_end ON redemption.game (closes_at) WHERE state = 'open';

-- The seed of a game, sealed: what is won follows from it, so nobody but redemption may read it.
CREATE TABLE redemption.game_seed (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, game_id)
);

-- Tickets of a member, `count` of them with numbers from `first` on; the last `voided` were taken back, `used` were spun.
-- They were bought by `redemption_id` for `points`, or granted by `campaign`. `drawn_for` is whom the member had been merged
-- into when the lottery was drawn, null where nobody: they took part for them.
CREATE TABLE redemption.game_ticket (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    member_id uuid NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    count int NOT NULL CHECK (count >= 1),
    voided int NOT NULL DEFAULT 0 CHECK (voided >= 0),
    used int NOT NULL DEFAULT 0 CHECK (used >= 0),
    points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    redemption_id uuid,
    campaign text,
    issued_at timestamptz NOT NULL,
    drawn_for uuid,
    PRIMARY KEY (tenant_id, game_id, ticket_id),
    UNIQUE (tenant_id, game_id, first),
    CHECK (voided + used <= count),
    CHECK ((redemption_id IS NULL) = (points = 0))
);
CREATE INDEX game_ticket_of_member ON redemption.game_ticket (tenant_id, member_id, game_id, first);

-- A turn of a wheel: `number` counts them without a gap, `word` is what the member added to chance, `sector` where it stopped.
CREATE TABLE redemption.game_spin (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    number bigint NOT NULL,
    spin_id uuid NOT NULL,
    member_id uuid NOT NULL,
    word text NOT NULL CHECK (length(word) <= 64),
    sector text NOT NULL,
    points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    redemption_id uuid,
    ticket_id uuid,
    on_day date NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, number),
    UNIQUE (tenant_id, game_id, spin_id),
    CHECK ((redemption_id IS NULL) = (points = 0))
);
CREATE INDEX game_spin_of_member ON redemption.game_spin (tenant_id, member_id, game_id, on_day);

-- What is left of a sector that does not go on for ever.
CREATE TABLE redemption.game_stock (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    prize text NOT NULL,
    pieces int NOT NULL CHECK (pieces >= 1),
    free int NOT NULL,
    PRIMARY KEY (tenant_id, game_id, prize),
    CHECK (free BETWEEN 0 AND pieces)
) WITH (fillfactor = 70);

-- What was won: `number` is that of the ticket or the spin, 1 for an auction, which `redemption_id` paid; `prize` is null for
-- a substitute.
CREATE TABLE redemption.game_win (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    place bigint NOT NULL,
    number bigint NOT NULL,
    member_id uuid NOT NULL,
    prize text,
    redemption_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, place)
);
CREATE INDEX game_win_of_member ON redemption.game_win (tenant_id, member_id, at);

-- A bid; its points are held by the redemption of the same id while it is the best.
CREATE TABLE redemption.game_bid (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    bid_id uuid NOT NULL,
    member_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points >= 1),
    state text NOT NULL CHECK (state IN ('best', 'outbid', 'won', 'lost')),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, bid_id)
);
CREATE INDEX game_bid_by_points ON redemption.game_bid (tenant_id, game_id, points);
CREATE INDEX game_bid_of_member ON redemption.game_bid (tenant_id, member_id, at);

-- A badge as it is shown.
CREATE TABLE redemption.badge (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    document jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name)
);

-- A badge that a member was given, `times` times, by `source`: a campaign, or a game. `taken_back` of them are gone again.
CREATE TABLE redemption.badge_award (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    award_id uuid NOT NULL,
    badge text NOT NULL,
    times int NOT NULL CHECK (times >= 1),
    taken_back int NOT NULL DEFAULT 0,
    source text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, award_id),
    CHECK (taken_back BETWEEN 0 AND times)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.game', 'redemption.game_ticket', 'redemption.game_spin', 'redemption.game_stock',
                  'redemption.game_win', 'redemption.game_bid', 'redemption.badge', 'redemption.badge_award']) AS name;
SELECT platform.protect('redemption.game_seed', ARRAY['pointstream_redemption']);

-- Locks members in the order that all writers keep, and says how their ledgers stand.
CREATE FUNCTION redemption.lock_members(p_tenant int, p_programme int, p_members uuid[])
RETURNS TABLE (programme_id int, member_id uuid, seq bigint, spread int, owing boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = ANY (p_members)
    ORDER BY m.tenant_id, m.programme_id, m.member_id
    FOR NO KEY UPDATE;
END $$;

GRANT SELECT, INSERT ON redemption.game, redemption.game_seed, redemption.game_ticket, redemption.game_spin,
    redemption.game_stock, redemption.game_win, redemption.game_bid, redemption.badge, redemption.badge_award
    TO pointstream_redemption;
GRANT UPDATE (version, document, kind, state, opens_at, closes_at, commitment, seed, entries_digest, tickets, spins, best,
              changed_at, ended_at) ON redemption.game TO pointstream_redemption;
GRANT UPDATE (voided, used, drawn_for) ON redemption.game_ticket TO pointstream_redemption;
GRANT UPDATE (free) ON redemption.game_stock TO pointstream_redemption;
GRANT UPDATE (state) ON redemption.game_bid TO pointstream_redemption;
GRANT UPDATE (document, changed_at) ON redemption.badge TO pointstream_redemption;
GRANT UPDATE (taken_back) ON redemption.badge_award TO pointstream_redemption;

GRANT SELECT ON redemption.game, redemption.game_ticket, redemption.game_spin, redemption.game_stock, redemption.game_win,
    redemption.game_bid, redemption.badge, redemption.badge_award TO pointstream_gateway, pointstream_operator;

-- Requests over HTTP that come at the same time are one transaction of two statements: a beginning and an end.

-- The start, for one tenant: keys, then members, in the order of the whole platform. What was known before, the lots and the
-- redemptions are read behind the locks, each in a later statement.
--   known_…  keys that were used before, by their numbers among those asked (from 1), for what, and the first answer
--   head_…   the members, each once, locked; merged ones are not among them
--   lots     all that they have left, each member's in order
--   standing  those of `p_redemptions` that are there
-- Keys are asked for once each. Members are named, or found by their redemptions. The planner can't know how few there are,
-- and to plan anew each time would take longer than to look.
CREATE FUNCTION redemption.begin_requests(
    p_tenant int, p_now timestamptz, p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[],
    p_programmes int[], p_members uuid[], p_redemptions uuid[],
    OUT known_numbers int[], OUT known_fingerprints bytea[], OUT known_answers bytea[],
    OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[], OUT head_spreads int[],
    OUT head_owing boolean[], OUT head_tiers text[], OUT head_keeps text[],
    OUT lots ledger.lot_now[], OUT standing uuid[]
)
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken int[];
    standing_programmes int[];
    standing_members uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    WITH asked AS (
        SELECT k.number, k.credential, k.operation, k.key_digest, k.fingerprint
        FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints)
            WITH ORDINALITY AS k(credential, operation, key_digest, fingerprint, number)
    ), new AS (
        INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
        SELECT p_tenant, a.credential, a.operation, a.key_digest, a.fingerprint, p_now FROM asked a
        ORDER BY a.credential, a.operation, a.key_digest
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING
        RETURNING credential, operation, key_digest
    )
    SELECT coalesce(array_agg(a.number), '{}') INTO taken FROM asked a JOIN new USING (credential, operation, key_digest);

    IF cardinality(taken) < cardinality(p_keys) THEN
        SELECT array_agg(k.number), array_agg(r.fingerprint), array_agg(r.answer)
        INTO known_numbers, known_fingerprints, known_answers
        FROM unnest(p_credentials, p_operations, p_keys)
            WITH ORDINALITY AS k(credential, operation, key_digest, number)
        CROSS JOIN LATERAL (
            SELECT q.fingerprint, q.answer FROM redemption.request q
            WHERE q.tenant_id = p_tenant AND q.credential = k.credential AND q.operation = k.operation
              AND q.key_digest = k.key_digest
            OFFSET 0
        ) AS r
        WHERE NOT k.number = ANY (taken);
    END IF;

    -- Whose a redemption is does not change, so it may be looked up before the lock; one by one, by the index.
    SELECT array_agg(r.redemption_id), array_agg(r.programme_id), array_agg(r.member_id)
    INTO standing, standing_programmes, standing_members
    FROM unnest(p_redemptions) AS v(redemption_id)
    CROSS JOIN LATERAL (
        SELECT s.redemption_id, s.programme_id, s.member_id FROM redemption.redemption s
        WHERE s.tenant_id = p_tenant AND s.redemption_id = v.redemption_id
        OFFSET 0
    ) AS r;

    SELECT array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq), array_agg(l.spread), array_agg(l.owing),
           array_agg(l.tier), array_agg(l.keeps)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers, head_keeps
    FROM (
        SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier, m.keeps::text AS keeps
        FROM (
            SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
            UNION
            SELECT v.programme_id, v.member_id FROM unnest(standing_programmes, standing_members) AS v(programme_id, member_id)
        ) AS named
        JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = named.programme_id
            AND m.member_id = named.member_id
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m
    ) AS l;

    SELECT array_agg(l.lot ORDER BY l.programme_id, l.member_id, l.seq) INTO lots
    FROM (
        SELECT o AS lot, o.programme_id, o.member_id, o.seq
        FROM unnest(head_programmes, head_members) AS v(programme_id, member_id)
        CROSS JOIN LATERAL (
            SELECT * FROM ledger.lot_now n
            WHERE n.tenant_id = p_tenant AND n.programme_id = v.programme_id AND n.member_id = v.member_id AND n.remaining > 0
            OFFSET 0
        ) AS o
    ) AS l;
END $$;

-- The start since one waits for nobody whom others have locked: those are told (busy_…), and are no heads. Keys that others use
-- are waited for, for a moment. The start above is for processes of the version before.
CREATE FUNCTION redemption.begin_turn(
    p_tenant int, p_now timestamptz, p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[],
    p_programmes int[], p_members uuid[], p_redemptions uuid[],
    OUT known_numbers int[], OUT known_fingerprints bytea[], OUT known_answers bytea[],
    OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[], OUT head_spreads int[],
    OUT head_owing boolean[], OUT head_tiers text[], OUT head_keeps text[],
    OUT busy_programmes int[], OUT busy_members uuid[], OUT lots ledger.lot_now[], OUT standing uuid[]
)
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
SET lock_timeout = '250ms' AS $$
DECLARE
    taken int[];
    standing_programmes int[];
    standing_members uuid[];
    named_programmes int[];
    named_members uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    WITH asked AS (
        SELECT k.number, k.credential, k.operation, k.key_digest, k.fingerprint
        FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints)
            WITH ORDINALITY AS k(credential, operation, key_digest, fingerprint, number)
    ), new AS (
        INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
        SELECT p_tenant, a.credential, a.operation, a.key_digest, a.fingerprint, p_now FROM asked a
        ORDER BY a.credential, a.operation, a.key_digest
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING
        RETURNING credential, operation, key_digest
    )
    SELECT coalesce(array_agg(a.number), '{}') INTO taken FROM asked a JOIN new USING (credential, operation, key_digest);

    IF cardinality(taken) < cardinality(p_keys) THEN
        SELECT array_agg(k.number), array_agg(r.fingerprint), array_agg(r.answer)
        INTO known_numbers, known_fingerprints, known_answers
        FROM unnest(p_credentials, p_operations, p_keys)
            WITH ORDINALITY AS k(credential, operation, key_digest, number)
        CROSS JOIN LATERAL (
            SELECT q.fingerprint, q.answer FROM redemption.request q
            WHERE q.tenant_id = p_tenant AND q.credential = k.credential AND q.operation = k.operation
              AND q.key_digest = k.key_digest
            OFFSET 0
        ) AS r
        WHERE NOT k.number = ANY (taken);
    END IF;

    -- Whose a redemption is does not change, so it may be looked up before the lock; one by one, by the index.
    SELECT array_agg(r.redemption_id), array_agg(r.programme_id), array_agg(r.member_id)
    INTO standing, standing_programmes, standing_members
    FROM unnest(p_redemptions) AS v(redemption_id)
    CROSS JOIN LATERAL (
        SELECT s.redemption_id, s.programme_id, s.member_id FROM redemption.redemption s
        WHERE s.tenant_id = p_tenant AND s.redemption_id = v.redemption_id
        OFFSET 0
    ) AS r;

    SELECT array_agg(n.programme_id), array_agg(n.member_id) INTO named_programmes, named_members
    FROM (
        SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
        UNION
        SELECT v.programme_id, v.member_id FROM unnest(standing_programmes, standing_members) AS v(programme_id, member_id)
    ) AS n;

    SELECT array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq), array_agg(l.spread), array_agg(l.owing),
           array_agg(l.tier), array_agg(l.keeps)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers, head_keeps
    FROM (
        SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier, m.keeps::text AS keeps
        FROM unnest(named_programmes, named_members) AS named(programme_id, member_id)
        JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = named.programme_id
            AND m.member_id = named.member_id
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ) AS l;

    IF cardinality(named_members) > coalesce(cardinality(head_members), 0) THEN
        SELECT array_agg(m.programme_id), array_agg(m.member_id) INTO busy_programmes, busy_members
        FROM unnest(named_programmes, named_members) AS named(programme_id, member_id)
        JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = named.programme_id
            AND m.member_id = named.member_id
        WHERE NOT m.merged AND NOT EXISTS (
            SELECT 1 FROM unnest(head_programmes, head_members) AS h(programme_id, member_id)
            WHERE h.programme_id = named.programme_id AND h.member_id = named.member_id
        );
    END IF;

    SELECT array_agg(l.lot ORDER BY l.programme_id, l.member_id, l.seq) INTO lots
    FROM (
        SELECT o AS lot, o.programme_id, o.member_id, o.seq
        FROM unnest(head_programmes, head_members) AS v(programme_id, member_id)
        CROSS JOIN LATERAL (
            SELECT * FROM ledger.lot_now n
            WHERE n.tenant_id = p_tenant AND n.programme_id = v.programme_id AND n.member_id = v.member_id AND n.remaining > 0
            OFFSET 0
        ) AS o
    ) AS l;
END $$;

-- The end: members and redemptions as they are now, the answers to the keys that did something, the keys that were refused,
-- which are free again, and last, for others wait for it, what is told. Returns the numbers of what is told.
CREATE FUNCTION redemption.end_requests(
    p_tenant int, p_now timestamptz,
    p_lots jsonb, p_movements jsonb, p_allocations jsonb, p_touched jsonb, p_debts jsonb, p_heads jsonb, p_redemptions jsonb,
    p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[], p_answers bytea[],
    p_free_credentials text[], p_free_operations text[], p_free_keys bytea[],
    p_shards text[], p_published bigint[], p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    IF p_heads IS NOT NULL THEN
        PERFORM ledger.save_lives(p_now, p_lots, p_movements, p_allocations, p_touched, p_debts, p_heads);
    END IF;
    PERFORM redemption.end_commands(
        p_tenant, p_now, p_redemptions, p_credentials, p_operations, p_keys, p_fingerprints, p_answers,
        p_free_credentials, p_free_operations, p_free_keys, NULL, NULL);
    IF cardinality(p_shards) > 0 THEN
        RETURN stream.enqueue(p_now, p_shards, p_published, p_row_shards, p_row_topics, p_row_counts, p_row_events);
    END IF;
    RETURN '{}';
END $$;

-- What is known of members of a programme who order something; to plan it each time takes longer than to look.
CREATE FUNCTION redemption.facts_of(p_tenant int, p_programme int, p_members uuid[])
RETURNS TABLE (member_id uuid, tiers text[], segments text[], lists text[], referrals bigint, tier text, had text)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT v.member_id,
           (SELECT array_agg(t.tier_set || '/' || t.level) FROM members.tier_standing t
            WHERE t.tenant_id = p_tenant AND t.programme_id = p_programme AND t.member_id = v.member_id
              AND t.level IS NOT NULL),
           (SELECT array_agg(s.segment) FROM members.segment_member s
            WHERE s.tenant_id = p_tenant AND s.programme_id = p_programme AND s.member_id = v.member_id),
           (SELECT array_agg(l.list) FROM members.list_member l
            WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = v.member_id),
           (SELECT count(*) FROM earning.referral r
            WHERE r.tenant_id = p_tenant AND r.programme_id = p_programme AND r.referrer_id = v.member_id
              AND r.state = 'converted'),
           (SELECT m.tier FROM ledger.member m
            WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = v.member_id),
           (SELECT jsonb_agg(jsonb_build_array(o.reference, o.category, o.asked_at, o.quantity - o.cancelled))::text
            FROM (
                SELECT * FROM redemption.reward_order w
                WHERE w.tenant_id = p_tenant AND w.programme_id = p_programme AND w.member_id = v.member_id
                  AND w.state NOT IN ('released', 'expired') AND w.quantity > w.cancelled
                ORDER BY w.order_id OFFSET 0 -- the key has this order: no other index is as good, however young the table is
            ) AS o)
    FROM unnest(p_members) AS v(member_id);
END $$;

-- Rewards of these names as they are now, with their stock by store and what was used of them by period.
CREATE FUNCTION redemption.on_sale(p_tenant int, p_programme int, p_references text[])
RETURNS TABLE (reference text, version int, document text, author text, recorded_at timestamptz, free text, used text)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.reference, r.version, r.document, r.author, r.recorded_at,
           (SELECT jsonb_object_agg(s.store, s.free)::text FROM redemption.stock s
            WHERE s.tenant_id = p_tenant AND s.programme_id = p_programme AND s.reference = w.reference),
           (SELECT jsonb_object_agg(u.period, u.used)::text FROM redemption.reward_use u
            WHERE u.tenant_id = p_tenant AND u.programme_id = p_programme AND u.reference = w.reference)
    FROM unnest(p_references) AS w(reference)
    CROSS JOIN LATERAL (
        SELECT * FROM redemption.reward d
        WHERE d.tenant_id = p_tenant AND d.programme_id = p_programme AND d.reference = w.reference
        ORDER BY d.version DESC LIMIT 1
    ) AS r;
END $$;
-- ==== designs =======================================================================================================

-- What is designed without a developer: styles of brands and landing pages in versions, drafts of anything, and visits.

-- One row a version of a style (its name is the brand, empty for the programme's own) or of a landing page (its name is in
-- its address), counted from 1. Nobody changes or deletes one. A version without a source withdraws the design.
CREATE TABLE notifier.design (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('style', 'page')),
    name text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('published', 'withdrawn')),
    source jsonb,
    note text,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, kind, name, version),
    CHECK ((state = 'withdrawn') = (source IS NULL))
);

-- What somebody works on: one row a design, which may have any fault. A template's name is message/language/channel/brand.
CREATE TABLE notifier.design_draft (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('style', 'page', 'template')),
    name text NOT NULL,
    revision int NOT NULL CHECK (revision > 0),
    source jsonb NOT NULL,
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, kind, name)
);

-- How often a landing page was looked at and filled in, by day of UTC. Nothing is kept about who did.
CREATE TABLE gateway.page_day (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    day date NOT NULL,
    visits bigint NOT NULL CHECK (visits >= 0),
    signups bigint NOT NULL CHECK (signups >= 0),
    PRIMARY KEY (tenant_id, programme_id, name, day)
);

SELECT platform.protect('notifier.design', ARRAY['pointstream_operator', 'pointstream_notifier']);
SELECT platform.protect('notifier.design_draft', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.page_day', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON notifier.design TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON notifier.design TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.design_draft TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (revision, source, saved_by, saved_at) ON notifier.design_draft TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON gateway.page_day TO pointstream_gateway;
GRANT UPDATE (visits, signups) ON gateway.page_day TO pointstream_gateway;
GRANT SELECT ON gateway.page_day TO pointstream_operator;
-- What members think of what they had: one to five stars for an order; and what they show to friends by a link.

-- A member's word on an order, the last one. `sealed` are the words, under the member's own key: who is erased takes
-- them along, and the stars, which name nobody, still count.
CREATE TABLE redemption.rating (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    order_id uuid NOT NULL,
    reference text NOT NULL,
    kind text NOT NULL,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    sealed bytea,
    rated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, order_id)
);
CREATE INDEX rating_of_reward ON redemption.rating (tenant_id, programme_id, reference, stars);
CREATE INDEX rating_by_time ON redemption.rating (tenant_id, programme_id, rated_at, order_id);

-- Something that a member shows to friends, as it was then, in words by language: a reward, a badge, a place in a ranking.
-- `opened` counts the visits of people by the link.
CREATE TABLE gateway.share (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    share_id uuid NOT NULL,
    what text NOT NULL CHECK (what IN ('reward', 'badge', 'place')),
    reference text NOT NULL,
    texts jsonb NOT NULL,
    picture text,
    shared_at timestamptz NOT NULL,
    opened bigint NOT NULL DEFAULT 0 CHECK (opened >= 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, share_id)
);
CREATE INDEX share_by_id ON gateway.share (tenant_id, programme_id, share_id);

SELECT platform.protect('redemption.rating', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.share', ARRAY['pointstream_operator']);

-- gateway: keeps both for the tenant of each request.
GRANT SELECT, INSERT, UPDATE (stars, sealed, rated_at) ON redemption.rating TO pointstream_gateway;
GRANT SELECT, INSERT, UPDATE (opened) ON gateway.share TO pointstream_gateway;
GRANT SELECT ON redemption.rating, gateway.share TO pointstream_operator;

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

-- Messages to many that follow from the programme: promotions of which members are told when they begin.
GRANT INSERT, UPDATE (sent_by, sent_at, approval_above) ON notifier.mass TO pointstream_notifier;

-- Friends whom members invite: known by the digest of their address alone, invited once for ever, with what they answered.
CREATE TABLE gateway.invitation (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    digest bytea NOT NULL,
    member_id uuid,
    invited_at timestamptz NOT NULL,
    answer text CHECK (answer IN ('agreed', 'refused')),
    answered_at timestamptz,
    text_version text,
    PRIMARY KEY (tenant_id, programme_id, digest),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX invitation_of_member ON gateway.invitation (tenant_id, programme_id, member_id, invited_at);
SELECT platform.protect('gateway.invitation', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT, UPDATE (answer, answered_at, text_version) ON gateway.invitation TO pointstream_gateway;

-- Whom a member asked to have invited, also where nobody was written to: what is counted tells nothing of the address.
CREATE TABLE gateway.invitation_asked (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    digest bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, digest)
);
SELECT platform.protect('gateway.invitation_asked', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT ON gateway.invitation_asked TO pointstream_gateway;

-- Households: members who let each other spend their points. Points stay in each member's own lots.

CREATE TABLE redemption.household (
    tenant_id int NOT NULL,
    household_id uuid NOT NULL,
    programme_id int NOT NULL,
    founded_at timestamptz NOT NULL,
    dissolved_at timestamptz,
    PRIMARY KEY (tenant_id, household_id)
);

-- Who was asked to belong to a household, belongs to it, or did: a row a time. A member belongs to one household at most, by
-- their own word (`answered_at`); whoever founds one has given it by that.
CREATE TABLE redemption.housemate (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    household_id uuid NOT NULL,
    invited_at timestamptz NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'adult', 'child')),
    state text NOT NULL CHECK (state IN ('invited', 'joined', 'declined', 'withdrawn', 'left', 'removed', 'dissolved')),
    invited_by uuid,
    answered_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, household_id, invited_at),
    CHECK (state NOT IN ('joined', 'left', 'removed') OR answered_at IS NOT NULL),
    CHECK ((ended_at IS NULL) = (state IN ('invited', 'joined')))
);
CREATE UNIQUE INDEX housemate_belongs ON redemption.housemate (tenant_id, programme_id, member_id) WHERE state = 'joined';
CREATE UNIQUE INDEX housemate_invited ON redemption.housemate (tenant_id, programme_id, member_id, household_id)
    WHERE state = 'invited';
CREATE INDEX housemate_of_household ON redemption.housemate (tenant_id, household_id) WHERE ended_at IS NULL;

-- What a redemption took of another member's lot: `points` are held or spent now, and have not come back.
CREATE TABLE redemption.household_part (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL, -- whose lot
    lot_seq bigint NOT NULL,
    redemption_id uuid NOT NULL,
    household_id uuid NOT NULL,
    spender_id uuid NOT NULL,
    taken_on date NOT NULL, -- in the programme's zone
    taken_at timestamptz NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, lot_seq, redemption_id),
    CHECK (member_id <> spender_id)
) WITH (fillfactor = 80);
CREATE INDEX household_part_of_redemption ON redemption.household_part (tenant_id, redemption_id);
CREATE INDEX household_part_of_spender ON redemption.household_part (tenant_id, programme_id, spender_id, taken_on)
    INCLUDE (points);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator'])
FROM unnest(ARRAY['redemption.household', 'redemption.housemate', 'redemption.household_part']) AS name;

-- The household that a member belongs to now, or one who was merged into them.
CREATE FUNCTION redemption.household_of(p_tenant int, p_programme int, p_member uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT h.household_id
    FROM redemption.housemate h
    WHERE h.tenant_id = p_tenant AND h.programme_id = p_programme AND h.state = 'joined'
      AND (h.member_id = p_member
           OR h.member_id IN (SELECT g.member_id FROM members.merge g
                              WHERE g.tenant_id = p_tenant AND g.programme_id = p_programme AND g.leads_to = p_member
                                AND g.undone_at IS NULL))
    ORDER BY h.member_id <> p_member, h.answered_at
    LIMIT 1
$$;

-- Who spends and shares in a household now: nobody who is blocked, and of those who were merged, whom they lead to, unless these
-- belong to a household of their own.
CREATE FUNCTION redemption.housemates(p_tenant int, p_programme int, p_household uuid)
RETURNS TABLE (member_id uuid, role text)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (coalesce(g.leads_to, h.member_id)) coalesce(g.leads_to, h.member_id), h.role
    FROM redemption.housemate h
    LEFT JOIN members.merge g ON g.tenant_id = h.tenant_id AND g.programme_id = h.programme_id AND g.member_id = h.member_id
                             AND g.undone_at IS NULL
    WHERE h.tenant_id = p_tenant AND h.programme_id = p_programme AND h.household_id = p_household AND h.state = 'joined'
      AND (g.leads_to IS NULL
           OR redemption.household_of(p_tenant, p_programme, g.leads_to) = p_household)
      AND NOT EXISTS (SELECT 1 FROM members.block b
                      WHERE b.tenant_id = p_tenant AND b.programme_id = p_programme AND b.lifted_at IS NULL
                        AND b.member_id = coalesce(g.leads_to, h.member_id))
    ORDER BY coalesce(g.leads_to, h.member_id), g.leads_to IS NOT NULL, h.answered_at
$$;

-- Locks everybody whose points requests may touch, before their keys are taken, in one order: the households of those who
-- spend together, whose members then do not change, and by their ids the members of these, the members of all requests and of
-- the redemptions that these follow on. Gives the heads of those who are not merged, and who belongs to which household.
CREATE FUNCTION redemption.lock_together(
    p_tenant int, p_programmes int[], p_members uuid[], p_together boolean[], p_redemptions uuid[],
    OUT askers uuid[], OUT asker_programmes int[], OUT households uuid[],
    OUT mate_programmes int[], OUT mate_households uuid[], OUT mates uuid[], OUT mate_roles text[],
    OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[], OUT head_spreads int[],
    OUT head_owing boolean[], OUT head_tiers text[]
)
LANGUAGE plpgsql AS $$
DECLARE
    locked uuid[];
    wanted_programmes int[];
    wanted uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    SELECT array_agg(l.household_id) INTO locked
    FROM (
        SELECT h.household_id FROM redemption.household h
        WHERE h.tenant_id = p_tenant AND h.household_id IN (
            SELECT redemption.household_of(p_tenant, v.programme_id, v.member_id)
            FROM unnest(p_programmes, p_members, p_together) AS v(programme_id, member_id, together) WHERE v.together
        )
        ORDER BY h.tenant_id, h.household_id
        FOR UPDATE
    ) AS l;

    -- Looked up again behind the locks: whoever moved to another household meanwhile spends with none.
    SELECT array_agg(a.member_id), array_agg(a.programme_id), array_agg(a.household_id)
    INTO askers, asker_programmes, households
    FROM (SELECT DISTINCT v.member_id, v.programme_id,
                 redemption.household_of(p_tenant, v.programme_id, v.member_id) AS household_id
          FROM unnest(p_programmes, p_members, p_together) AS v(programme_id, member_id, together) WHERE v.together) AS a
    WHERE a.household_id = ANY (locked);

    SELECT array_agg(a.programme_id), array_agg(a.household_id), array_agg(m.member_id), array_agg(m.role)
    INTO mate_programmes, mate_households, mates, mate_roles
    FROM (SELECT DISTINCT v.programme_id, v.household_id
          FROM unnest(asker_programmes, households) AS v(programme_id, household_id)) AS a
    CROSS JOIN LATERAL redemption.housemates(p_tenant, a.programme_id, a.household_id) AS m;

    SELECT array_agg(w.programme_id), array_agg(w.member_id) INTO wanted_programmes, wanted
    FROM (SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
          UNION
          SELECT v.programme_id, g.leads_to FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
          JOIN members.merge g ON g.tenant_id = p_tenant AND g.programme_id = v.programme_id AND g.member_id = v.member_id
              AND g.undone_at IS NULL
          UNION
          SELECT v.programme_id, v.member_id FROM unnest(mate_programmes, mates) AS v(programme_id, member_id)
          UNION
          SELECT r.programme_id, r.member_id FROM redemption.redemption r
          WHERE r.tenant_id = p_tenant AND r.redemption_id = ANY (p_redemptions)
          UNION
          SELECT p.programme_id, p.member_id FROM redemption.household_part p
          WHERE p.tenant_id = p_tenant AND p.redemption_id = ANY (p_redemptions)) AS w;

    PERFORM 1 FROM ledger.member m
    WHERE m.tenant_id = p_tenant
      AND (m.programme_id, m.member_id) IN (SELECT * FROM unnest(wanted_programmes, wanted))
    ORDER BY m.tenant_id, m.programme_id, m.member_id
    FOR NO KEY UPDATE;

    SELECT array_agg(m.programme_id), array_agg(m.member_id), array_agg(m.seq), array_agg(m.spread), array_agg(m.owing),
           array_agg(m.tier)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers
    FROM unnest(wanted_programmes, wanted) AS v(programme_id, member_id)
    JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = v.programme_id AND m.member_id = v.member_id
    WHERE NOT m.merged;
END $$;

-- What follows on a redemption of members who were merged: locks whose it is, the owners of its lots, and whom they lead to, by
-- their ids. Whom they lead to is looked up before the locks, and has to be the same behind them.
CREATE FUNCTION redemption.lock_followed(p_tenant int, p_redemption uuid)
RETURNS TABLE (programme_id int, member_id uuid, seq bigint, spread int, owing boolean, tier text, leads_to uuid, spends boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    whose redemption.redemption;
    named uuid[];
    led uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    SELECT * INTO whose FROM redemption.redemption r WHERE r.tenant_id = p_tenant AND r.redemption_id = p_redemption;
    SELECT array_agg(n.member_id) INTO named
    FROM (SELECT whose.member_id WHERE whose.member_id IS NOT NULL
          UNION
          SELECT p.member_id FROM redemption.household_part p
          WHERE p.tenant_id = p_tenant AND p.redemption_id = p_redemption) AS n;
    SELECT array_agg(g.leads_to) INTO led
    FROM members.merge g
    WHERE g.tenant_id = p_tenant AND g.programme_id = whose.programme_id AND g.member_id = ANY (named) AND g.undone_at IS NULL;

    PERFORM 1 FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = whose.programme_id AND m.member_id = ANY (named || led)
    ORDER BY m.tenant_id, m.programme_id, m.member_id
    FOR NO KEY UPDATE;

    IF EXISTS (SELECT 1 FROM members.merge g
               WHERE g.tenant_id = p_tenant AND g.programme_id = whose.programme_id AND g.member_id = ANY (named)
                 AND g.undone_at IS NULL AND NOT g.leads_to = ANY (named || led)) THEN
        RAISE EXCEPTION 'a member was merged meanwhile' USING ERRCODE = '40001';
    END IF;

    RETURN QUERY
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier,
           (SELECT g.leads_to FROM members.merge g
            WHERE g.tenant_id = p_tenant AND g.programme_id = m.programme_id AND g.member_id = m.member_id
              AND g.undone_at IS NULL),
           m.member_id = whose.member_id
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = whose.programme_id AND m.member_id = ANY (named || led);
END $$;

GRANT SELECT, INSERT ON redemption.household, redemption.housemate, redemption.household_part TO pointstream_redemption;
GRANT UPDATE (dissolved_at) ON redemption.household TO pointstream_redemption;
GRANT UPDATE (role, state, answered_at, ended_at) ON redemption.housemate TO pointstream_redemption;
GRANT UPDATE (points) ON redemption.household_part TO pointstream_redemption;
GRANT SELECT ON redemption.household, redemption.housemate, redemption.household_part
    TO pointstream_gateway, pointstream_operator;

-- Questionnaires, and who filled one in when. Answers are attributes of members, and lie with these alone.

CREATE TABLE gateway.questionnaire (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    document jsonb NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name)
);

CREATE TABLE gateway.questionnaire_filled (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    member_id uuid NOT NULL,
    filled_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name, member_id)
);
CREATE INDEX questionnaire_filled_by_member ON gateway.questionnaire_filled (tenant_id, programme_id, member_id);

SELECT platform.protect('gateway.questionnaire', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.questionnaire_filled', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT, UPDATE (document, kept_by, kept_at) ON gateway.questionnaire
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE (filled_at) ON gateway.questionnaire_filled TO pointstream_gateway;
GRANT SELECT ON gateway.questionnaire_filled TO pointstream_operator;

-- What members and the staff of a programme write to each other. The words are sealed under the member's own key.

-- Whether members may write, what they are greeted with, and answers that are ready.
CREATE TABLE gateway.chat_desk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    document jsonb NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

-- One talk a member. `state_by` is null where nobody of the staff turned it; `member_read` is the last message that the member
-- has seen, `member_told` the last answer that they were told of while they were away; `unread` counts what waits for an answer since
-- `unread_since`; `change` grows with whatever happens.
CREATE TABLE gateway.chat (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    state_at timestamptz NOT NULL,
    state_by text,
    assigned_key text,
    assigned_to text,
    unread int NOT NULL CHECK (unread >= 0),
    unread_since timestamptz,
    last_at timestamptz NOT NULL,
    member_read bigint NOT NULL,
    member_told bigint NOT NULL DEFAULT 0,
    seen_at timestamptz,
    change int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id),
    CHECK ((unread > 0) = (unread_since IS NOT NULL)),
    CHECK ((assigned_key IS NULL) = (assigned_to IS NULL)),
    CHECK (state = 'open' OR unread = 0)
);
CREATE INDEX chat_last ON gateway.chat (tenant_id, last_at);
CREATE INDEX chat_open ON gateway.chat (tenant_id, last_at) WHERE state = 'open';
CREATE INDEX chat_closed ON gateway.chat (tenant_id, state_at) WHERE state = 'closed';

-- `said_by` is null where the member said it.
CREATE TABLE gateway.chat_message (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    message_id uuid NOT NULL,
    said_by text,
    sealed bytea NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    UNIQUE (tenant_id, programme_id, member_id, message_id)
);

SELECT platform.protect('gateway.chat_desk', ARRAY[]::text[]);
SELECT platform.protect('gateway.chat', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.chat_message', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT, UPDATE (document, kept_by, kept_at) ON gateway.chat_desk TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE, UPDATE (state, state_at, state_by, assigned_key, assigned_to, unread, unread_since, last_at,
                                      member_read, member_told, seen_at, change)
    ON gateway.chat TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON gateway.chat_message TO pointstream_gateway;
-- Whoever erases a member takes away what the member talked about.
GRANT SELECT, DELETE ON gateway.chat, gateway.chat_message TO pointstream_operator;

-- What was ticked on a page, with its words: a mail to the address asks whether it was its owner who did. An address is known
-- by its digest alone, and by none once its member was erased.
CREATE TABLE vault.consent_asked (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    ask_id uuid NOT NULL,
    digest bytea,
    purpose text NOT NULL,
    channel text NOT NULL,
    source text NOT NULL,
    text text NOT NULL,
    text_version text NOT NULL,
    asked_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed_text text,
    PRIMARY KEY (tenant_id, programme_id, member_id, ask_id),
    CHECK ((confirmed_at IS NULL) = (confirmed_text IS NULL))
);
CREATE INDEX consent_asked_by_id ON vault.consent_asked (tenant_id, programme_id, ask_id);
CREATE INDEX consent_asked_by_address ON vault.consent_asked (tenant_id, digest, asked_at);
CREATE INDEX consent_asked_stale ON vault.consent_asked (tenant_id, programme_id, until) WHERE confirmed_at IS NULL;
SELECT platform.protect('vault.consent_asked', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT, DELETE, UPDATE (confirmed_at, confirmed_text) ON vault.consent_asked TO pointstream_gateway;
GRANT SELECT, UPDATE (digest) ON vault.consent_asked TO pointstream_operator;

-- A thing that is shared again lives anew. What a member showed, and whom they invited, goes with the member; that an address was
-- invited stays without a word of who did, so that nobody else invites it.
GRANT UPDATE (shared_at) ON gateway.share TO pointstream_gateway;
GRANT SELECT, DELETE ON gateway.share, gateway.invitation, gateway.invitation_asked TO pointstream_operator;
GRANT UPDATE (member_id) ON gateway.invitation TO pointstream_operator;

-- Each time that an operator opened a member's own page, to look at it.
CREATE TABLE gateway.page_opened (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_id uuid NOT NULL,
    until timestamptz NOT NULL,
    opened_by text NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, opened_at, opened_id)
);
SELECT platform.protect('gateway.page_opened', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT ON gateway.page_opened TO pointstream_gateway;
GRANT SELECT ON gateway.page_opened TO pointstream_operator;

-- Sessions at the console whose owners have signed out, until no copy of their cookie could count any more.
CREATE TABLE gateway.session_ended (
    tenant_id int NOT NULL,
    session_id bytea NOT NULL CHECK (length(session_id) = 16),
    until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, session_id)
);

-- The door looks a session up as it does with a key: by one statement, before a transaction knows its tenant.
SELECT platform.protect('gateway.session_ended', ARRAY['pointstream_operator', 'pointstream_gateway']);
GRANT SELECT, INSERT, DELETE ON gateway.session_ended TO pointstream_gateway;
