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

GRANT SELECT, INSERT ON redemption.household, redemption.housemate, redemption.household_part TO pointstream_redemption;
GRANT UPDATE (dissolved_at) ON redemption.household TO pointstream_redemption;
GRANT UPDATE (role, state, answered_at, ended_at) ON redemption.housemate TO pointstream_redemption;
GRANT UPDATE (points) ON redemption.household_part TO pointstream_redemption;
GRANT SELECT ON redemption.household, redemption.housemate, redemption.household_part
    TO pointstream_gateway, pointstream_operator;
