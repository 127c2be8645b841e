-- Requests to spend points come over a topic too: taken by the batch, with the same keys and answers as over HTTP.

-- Every accepted event of loyalty.redemptions, once and for ever, and what became of it: `done` by movements of points, or
-- else what was told of it.
CREATE TABLE redemption.inbox (
    tenant_id int NOT NULL,
    event_key uuid NOT NULL,
    body_hash bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'extended', 'refused', 'replayed')),
    PRIMARY KEY (tenant_id, event_key)
) WITH (fillfactor = 90);
SELECT platform.protect('redemption.inbox', ARRAY['pointstream_operator']);

-- The start of a batch for one tenant, in the order of the whole platform: what is new by the inbox, the keys of what is new,
-- then the members. What was known before is read behind the locks, each in a later statement.
--   late_…   events that were known, with the digest of the body that was taken then
--   known_…  keys that were used before, by their numbers among those asked (from 1), for what, and the first answer
--   lead_…   members who were merged into another, and that other
--   head_…   the members, each once, locked; a merged one only as whom it leads to
-- Keys are asked for once each; `p_by_keys` names the key of each event.
CREATE FUNCTION redemption.begin_commands(
    p_tenant int, p_now timestamptz, p_event_keys uuid[], p_body_hashes bigint[], p_by_keys int[],
    p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[],
    p_programmes int[], p_members uuid[],
    OUT late_keys uuid[], OUT late_hashes bigint[],
    OUT known_numbers int[], OUT known_fingerprints bytea[], OUT known_answers bytea[],
    OUT lead_programmes int[], OUT lead_members uuid[], OUT lead_to uuid[],
    OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[], OUT head_spreads int[],
    OUT head_owing boolean[], OUT head_tiers text[]
)
LANGUAGE plpgsql AS $$
DECLARE
    fresh uuid[];
    wanted int[];
    taken int[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    WITH new AS (
        INSERT INTO redemption.inbox (tenant_id, event_key, body_hash, recorded_at)
        SELECT p_tenant, v.event_key, v.body_hash, p_now
        FROM unnest(p_event_keys, p_body_hashes) AS v(event_key, body_hash)
        ORDER BY v.event_key
        ON CONFLICT (tenant_id, event_key) DO NOTHING
        RETURNING event_key
    )
    SELECT coalesce(array_agg(event_key), '{}') INTO fresh FROM new;

    IF cardinality(fresh) < cardinality(p_event_keys) THEN
        SELECT array_agg(i.event_key), array_agg(i.body_hash) INTO late_keys, late_hashes
        FROM unnest(p_event_keys) AS v(event_key)
        JOIN redemption.inbox i ON i.tenant_id = p_tenant AND i.event_key = v.event_key
        WHERE NOT v.event_key = ANY (fresh);
    END IF;

    SELECT array_agg(DISTINCT e.by_key) INTO wanted
    FROM unnest(p_event_keys, p_by_keys) AS e(event_key, by_key) WHERE e.event_key = ANY (fresh);

    WITH asked AS (
        SELECT k.number, k.credential, k.operation, k.key_digest, k.fingerprint
        FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints)
            WITH ORDINALITY AS k(credential, operation, key_digest, fingerprint, number)
        WHERE k.number = ANY (wanted)
    ), new AS (
        INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
        SELECT p_tenant, a.credential, a.operation, a.key_digest, a.fingerprint, p_now FROM asked a
        ORDER BY a.credential, a.operation, a.key_digest
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING
        RETURNING credential, operation, key_digest
    )
    SELECT coalesce(array_agg(a.number), '{}') INTO taken FROM asked a JOIN new USING (credential, operation, key_digest);

    IF cardinality(taken) < cardinality(wanted) THEN
        SELECT array_agg(k.number), array_agg(r.fingerprint), array_agg(r.answer)
        INTO known_numbers, known_fingerprints, known_answers
        FROM unnest(p_credentials, p_operations, p_keys)
            WITH ORDINALITY AS k(credential, operation, key_digest, number)
        JOIN redemption.request r ON r.tenant_id = p_tenant AND r.credential = k.credential AND r.operation = k.operation
            AND r.key_digest = k.key_digest
        WHERE k.number = ANY (wanted) AND NOT k.number = ANY (taken);
    END IF;

    SELECT array_agg(g.programme_id), array_agg(g.member_id), array_agg(g.leads_to)
    INTO lead_programmes, lead_members, lead_to
    FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
    JOIN members.merge g ON g.tenant_id = p_tenant AND g.programme_id = v.programme_id AND g.member_id = v.member_id
        AND g.undone_at IS NULL;

    SELECT array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq), array_agg(l.spread), array_agg(l.owing),
           array_agg(l.tier)
    INTO head_programmes, head_members, head_seqs, head_spreads, head_owing, head_tiers
    FROM (
        SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing, m.tier
        FROM (
            SELECT v.programme_id, v.member_id FROM unnest(p_programmes, p_members) AS v(programme_id, member_id)
            UNION
            SELECT v.programme_id, v.member_id FROM unnest(lead_programmes, lead_to) AS v(programme_id, member_id)
        ) AS known
        JOIN ledger.member m ON m.tenant_id = p_tenant AND m.programme_id = known.programme_id
            AND m.member_id = known.member_id
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m
    ) AS l;
END $$;

-- The end of a batch for one tenant: redemptions as they are now, the answers to the keys that did something, the keys that
-- were refused, which are free again, and what became of events that moved nothing.
CREATE FUNCTION redemption.end_commands(
    p_tenant int, p_now timestamptz, p_redemptions jsonb,
    p_credentials text[], p_operations text[], p_keys bytea[], p_fingerprints bytea[], p_answers bytea[],
    p_free_credentials text[], p_free_operations text[], p_free_keys bytea[],
    p_event_keys uuid[], p_outcomes text[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM redemption.save(p_now, p_redemptions);

    -- The keys are there since the batch began, perhaps for another request that was refused. An insertion finds each by its
    -- index, whatever a planner thinks of the table.
    INSERT INTO redemption.request AS r (tenant_id, credential, operation, key_digest, fingerprint, asked_at, answer)
    SELECT p_tenant, v.credential, v.operation, v.key_digest, v.fingerprint, p_now, v.answer
    FROM unnest(p_credentials, p_operations, p_keys, p_fingerprints, p_answers)
        AS v(credential, operation, key_digest, fingerprint, answer)
    ON CONFLICT (tenant_id, credential, operation, key_digest)
    DO UPDATE SET answer = excluded.answer, fingerprint = excluded.fingerprint;

    FOR place IN 1 .. coalesce(cardinality(p_free_keys), 0) LOOP
        DELETE FROM redemption.request r
        WHERE r.tenant_id = p_tenant AND r.credential = p_free_credentials[place] AND r.operation = p_free_operations[place]
          AND r.key_digest = p_free_keys[place];
    END LOOP;
    FOR place IN 1 .. coalesce(cardinality(p_event_keys), 0) LOOP
        UPDATE redemption.inbox i SET outcome = p_outcomes[place]
        WHERE i.tenant_id = p_tenant AND i.event_key = p_event_keys[place];
    END LOOP;
END $$;

-- redemption: a batch sees one tenant's rows after the other; its positions and dead letters are of all.
CREATE POLICY pointstream_redemption_works ON stream.dead_letter TO pointstream_redemption USING (true);
GRANT SELECT, INSERT, UPDATE ON stream.position TO pointstream_redemption;
GRANT SELECT, INSERT ON stream.dead_letter TO pointstream_redemption;
GRANT SELECT, INSERT ON redemption.inbox TO pointstream_redemption;
GRANT UPDATE (outcome) ON redemption.inbox TO pointstream_redemption;
GRANT UPDATE (fingerprint) ON redemption.request TO pointstream_redemption;
GRANT SELECT ON redemption.inbox TO pointstream_operator;
GRANT USAGE ON SCHEMA members TO pointstream_redemption;
GRANT SELECT ON members.merge TO pointstream_redemption;
