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

-- The shards of a transaction are found by their names; to plan that each time takes longer than to do it.
ALTER FUNCTION stream.enqueue(timestamptz, text[], bigint[], text[], text[], int[], bytea[])
    SET plan_cache_mode = force_generic_plan;
