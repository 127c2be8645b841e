-- What is known of a member beside identifiers and tier: what campaigns may ask of them; and occasions by the clock.

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

GRANT USAGE ON SCHEMA vault TO pointstream_earning, pointstream_gateway;
GRANT SELECT, INSERT ON vault.profile TO pointstream_earning;
GRANT UPDATE (present) ON vault.profile TO pointstream_earning;
GRANT SELECT ON vault.profile TO pointstream_gateway, pointstream_operator;

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
CREATE INDEX member_enrolled ON members.member (tenant_id, programme_id, enrolled_at, member_id);

SELECT platform.protect('earning.occasion_clock', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT SELECT, INSERT, UPDATE (at, place, open, enrolled_at, member_id) ON earning.occasion_clock TO pointstream_earning;
GRANT SELECT ON earning.occasion_clock TO pointstream_operator;
