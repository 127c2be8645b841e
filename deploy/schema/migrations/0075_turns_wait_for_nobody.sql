-- A turn of requests over HTTP waits for no member whom somebody else has locked.

-- As redemption.begin_requests, which processes of the version before call; it may go with the version after this.
--   busy_…   members who are not locked, since others have them locked
-- Keys that others use are waited for, for a moment.
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
GRANT UPDATE (passed) ON members.merge TO pointstream_redemption;
