-- The end of a level that its member was told of ahead; NULL: of none.
ALTER TABLE members.tier_standing ADD COLUMN warned timestamptz;

-- As before, with the end that was told of.
CREATE OR REPLACE FUNCTION earning.save_tiers(p_now timestamptz, p_standings jsonb, p_changes jsonb, p_driven jsonb) RETURNS void
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

GRANT UPDATE (warned) ON members.tier_standing TO pointstream_earning;

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
SELECT platform.protect('earning.budget_reached', ARRAY['pointstream_earning', 'pointstream_operator']);
GRANT SELECT, INSERT ON earning.budget_reached TO pointstream_earning;
GRANT UPDATE (told_at) ON earning.budget_reached TO pointstream_earning;
GRANT SELECT ON earning.budget_reached TO pointstream_gateway, pointstream_operator;

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

-- As before; whoever calls it need not know.
CREATE OR REPLACE FUNCTION earning.end_batch(
    p_now timestamptz, p_shards text[], p_published bigint[],
    p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[],
    p_tenants int[], p_programmes int[], p_keys text[], p_uses bigint[], p_limits bigint[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM earning.count_uses(p_now, p_tenants, p_programmes, p_keys, p_uses, p_limits);
    RETURN stream.enqueue(p_now, p_shards, p_published, p_row_shards, p_row_topics, p_row_counts, p_row_events);
END $$;

DROP FUNCTION earning.count_uses(int[], int[], text[], bigint[], bigint[]);
