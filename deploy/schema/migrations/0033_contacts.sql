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

GRANT USAGE ON SCHEMA vault TO pointstream_notifier;
GRANT SELECT ON vault.member_key, vault.person, vault.contact, vault.consent
    TO pointstream_operator, pointstream_earning, pointstream_gateway, pointstream_notifier;
GRANT INSERT, UPDATE (sealed_key) ON vault.member_key
    TO pointstream_operator, pointstream_earning, pointstream_gateway, pointstream_notifier;
GRANT INSERT, UPDATE (given_name, family_name, language, zone, country, recorded_at) ON vault.person
    TO pointstream_operator, pointstream_earning, pointstream_gateway;
GRANT INSERT, DELETE, UPDATE (address) ON vault.contact TO pointstream_operator, pointstream_earning, pointstream_gateway;
GRANT UPDATE (alive, reason, changed_at) ON vault.contact TO pointstream_operator, pointstream_gateway, pointstream_notifier;
GRANT UPDATE (reached_at) ON vault.contact TO pointstream_notifier;
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
-- had (`p_instead`), that goes too. What is dead stays.
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
    ON CONFLICT (tenant_id, programme_id, member_id, channel, digest) DO UPDATE SET address = excluded.address;
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
