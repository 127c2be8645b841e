-- Programmes are published by people, from the command line and over HTTP: who did, why, what it changed in a line, and
-- which earlier version was taken up again.
ALTER TABLE platform.programme_version
    ADD COLUMN published_by text CHECK (length(published_by) BETWEEN 1 AND 128),
    ADD COLUMN note text CHECK (length(note) BETWEEN 1 AND 1000),
    ADD COLUMN summary text,
    ADD COLUMN restores int CHECK (restores > 0 AND restores < version);

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
GRANT SELECT ON platform.kill_switch TO pointstream_earning;
GRANT SELECT, INSERT ON platform.kill_switch TO pointstream_operator, pointstream_gateway;
GRANT UPDATE (on_at, on_by, on_note) ON platform.kill_switch TO pointstream_operator, pointstream_gateway;

-- A version is added by whoever may publish rules, under the row-level security of the tenant, and is never changed.
GRANT INSERT ON platform.programme_version TO pointstream_gateway;

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

-- What there is to judge by, as a text that changes whenever a source, a version or a rate is added, changed or removed; and
-- the same of the switches that are off. Workers load anew when it changes, and say what they have loaded.
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
                     FROM platform.kill_switch s WHERE s.on_at IS NULL), ''));
