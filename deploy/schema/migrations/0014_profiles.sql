-- What is known of a member beside identifiers and tier: what campaigns may ask of them.

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

-- The second step of a batch as before, for batches of which some programmes (`p_asking_…`) ask what is known of members:
-- of their members, when they enrolled and the present state of their profile, 0 for none.
CREATE FUNCTION earning.open_batch(
    p_receipt_tenants int[], p_receipt_programmes int[], p_receipt_keys uuid[], p_receipt_events uuid[],
    p_receipt_pages bigint[], p_receipt_members uuid[],
    p_tenants int[], p_programmes int[], p_members uuid[],
    p_counter_tenants int[], p_counter_programmes int[], p_counter_keys text[], p_lock_counters boolean,
    p_asking_tenants int[], p_asking_programmes int[],
    OUT known_tenants int[], OUT known_programmes int[], OUT known_keys uuid[], OUT known_events uuid[],
    OUT known_pages bigint[], OUT known_members uuid[], OUT known_stories bytea[],
    OUT head_tenants int[], OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[],
    OUT head_spreads int[], OUT head_tiers text[], OUT head_activates timestamptz[], OUT head_lapses timestamptz[],
    OUT head_owing boolean[],
    OUT used bigint[],
    OUT profile_tenants int[], OUT profile_programmes int[], OUT profile_members uuid[],
    OUT profile_enrolled timestamptz[], OUT profile_revisions int[], OUT profile_birthdays smallint[],
    OUT profile_attributes text[]
)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.known_tenants, o.known_programmes, o.known_keys, o.known_events, o.known_pages, o.known_members,
           o.known_stories, o.head_tenants, o.head_programmes, o.head_members, o.head_seqs, o.head_spreads, o.head_tiers,
           o.head_activates, o.head_lapses, o.head_owing, o.used
    INTO known_tenants, known_programmes, known_keys, known_events, known_pages, known_members, known_stories,
         head_tenants, head_programmes, head_members, head_seqs, head_spreads, head_tiers, head_activates, head_lapses,
         head_owing, used
    FROM earning.open_batch(
        p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages, p_receipt_members,
        p_tenants, p_programmes, p_members, p_counter_tenants, p_counter_programmes, p_counter_keys, p_lock_counters
    ) AS o;

    -- Behind the locks: a profile that somebody has just told of stands as they left it.
    SELECT array_agg(m.tenant_id), array_agg(m.programme_id), array_agg(m.member_id), array_agg(m.enrolled_at),
           array_agg(coalesce(p.revision, 0)), array_agg(p.birthday), array_agg(p.attributes::text)
    INTO profile_tenants, profile_programmes, profile_members, profile_enrolled, profile_revisions, profile_birthdays,
         profile_attributes
    FROM unnest(head_tenants, head_programmes, head_members) AS h(tenant_id, programme_id, member_id)
    JOIN unnest(p_asking_tenants, p_asking_programmes) AS a(tenant_id, programme_id) USING (tenant_id, programme_id)
    JOIN members.member m USING (tenant_id, programme_id, member_id)
    LEFT JOIN vault.profile p
           ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present;
END $$;

-- The member of a quote as before, and what is known of them where the programme asks (`p_knowing`).
CREATE FUNCTION gateway.quote_member(
    p_tenant int, p_programme int, p_identifiers text[], p_member uuid, p_knowing boolean,
    OUT member_id uuid, OUT tier text, OUT seq bigint,
    OUT lot_seqs bigint[], OUT lot_wallets text[], OUT lot_amounts bigint[], OUT lot_remaining bigint[],
    OUT lot_held bigint[], OUT lot_earned timestamptz[], OUT lot_active timestamptz[], OUT lot_expires timestamptz[],
    OUT lot_recorded timestamptz[], OUT lot_versions int[], OUT lot_contributors uuid[], OUT lot_pending boolean[],
    OUT lot_openings text[],
    OUT debt_wallets text[], OUT debt_amounts bigint[], OUT debt_since timestamptz[],
    OUT enrolled_at timestamptz, OUT revision int, OUT birthday smallint, OUT attributes text
)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT q.member_id, q.tier, q.seq, q.lot_seqs, q.lot_wallets, q.lot_amounts, q.lot_remaining, q.lot_held, q.lot_earned,
           q.lot_active, q.lot_expires, q.lot_recorded, q.lot_versions, q.lot_contributors, q.lot_pending, q.lot_openings,
           q.debt_wallets, q.debt_amounts, q.debt_since
    INTO member_id, tier, seq, lot_seqs, lot_wallets, lot_amounts, lot_remaining, lot_held, lot_earned, lot_active,
         lot_expires, lot_recorded, lot_versions, lot_contributors, lot_pending, lot_openings, debt_wallets, debt_amounts,
         debt_since
    FROM gateway.quote_member(p_tenant, p_programme, p_identifiers, p_member) AS q;
    IF p_knowing AND member_id IS NOT NULL THEN
        SELECT m.enrolled_at, coalesce(p.revision, 0), p.birthday, p.attributes::text
        INTO enrolled_at, revision, birthday, attributes
        FROM members.member m
        LEFT JOIN vault.profile p
               ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present
        WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = quote_member.member_id;
    END IF;
END $$;
