-- What each member did, day by day, and the tiers that follow from it.

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

-- Where a member stands in a tier set: the level (NULL: below the lowest), since when, until when it holds, as seen from which day it was reached,
-- and when the clock must look again (NULL: never). A level that a person gave is `given`.
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

-- Saves where members stand in tier sets, the changes on the way there, and the tier that decisions see of each. The
-- transaction holds the members. Rows come as JSON, for there are few of them.
CREATE FUNCTION earning.save_tiers(p_now timestamptz, p_standings jsonb, p_changes jsonb, p_driven jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO members.tier_standing AS s
        (tenant_id, programme_id, member_id, tier_set, level, since, until, seen_on, given, due_at, changes)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.tier_set, v.level, v.since, v.until, v.seen_on, v.given, v.due_at,
           v.changes
    FROM jsonb_to_recordset(p_standings) AS v(
        tenant_id int, programme_id int, member_id uuid, tier_set text, level text, since timestamptz, until timestamptz,
        seen_on date, given boolean, due_at timestamptz, changes int)
    ON CONFLICT (tenant_id, programme_id, member_id, tier_set) DO UPDATE
        SET level = excluded.level, since = excluded.since, until = excluded.until, seen_on = excluded.seen_on,
            given = excluded.given, due_at = excluded.due_at, changes = excluded.changes;

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
FROM unnest(ARRAY['earning.member_day', 'members.tier_standing', 'members.tier_change']) AS name;

GRANT SELECT, INSERT, DELETE ON earning.member_day TO pointstream_earning;
GRANT UPDATE (visits, spend_minor, points, parts) ON earning.member_day TO pointstream_earning;
GRANT SELECT, INSERT ON members.tier_standing, members.tier_change TO pointstream_earning;
GRANT UPDATE (level, since, until, seen_on, given, due_at, changes) ON members.tier_standing TO pointstream_earning;
GRANT SELECT ON earning.member_day, members.tier_standing, members.tier_change TO pointstream_gateway;
-- the operator makes the days again from the decisions
GRANT SELECT ON members.tier_standing, members.tier_change TO pointstream_operator;
GRANT SELECT, INSERT, DELETE ON earning.member_day TO pointstream_operator;
