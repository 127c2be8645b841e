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
        JOIN redemption.request r ON r.tenant_id = p_tenant AND r.credential = k.credential AND r.operation = k.operation
            AND r.key_digest = k.key_digest
        WHERE NOT k.number = ANY (taken);
    END IF;

    -- Whose a redemption is does not change, so it may be looked up before the lock.
    SELECT array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq), array_agg(l.spread), array_agg(l.owing),
           array_agg(l.tier), array_agg(l.keeps)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers, head_keeps
    FROM (
        SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier, m.keeps::text AS keeps
        FROM (
            SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
            UNION
            SELECT r.programme_id, r.member_id
            FROM unnest(p_redemptions) AS v(redemption_id)
            JOIN redemption.redemption r ON r.tenant_id = p_tenant AND r.redemption_id = v.redemption_id
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

    SELECT array_agg(r.redemption_id) INTO standing
    FROM unnest(p_redemptions) AS v(redemption_id)
    JOIN redemption.redemption r ON r.tenant_id = p_tenant AND r.redemption_id = v.redemption_id;
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

-- The shards of a transaction are found by their names; to plan that each time takes longer than to do it.
ALTER FUNCTION stream.enqueue(timestamptz, text[], bigint[], text[], text[], int[], bytea[])
    SET plan_cache_mode = force_generic_plan;
