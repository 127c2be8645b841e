-- Lots that came from another member: they count in this ledger since they came, and not since they were earned.

CREATE OR REPLACE VIEW ledger.journal WITH (security_invoker = true) AS
SELECT tenant_id, programme_id, member_id, seq, wallet, opened_by AS kind,
       CASE opened_by WHEN 'credit' THEN 'issued' WHEN 'adjust' THEN 'adjusted' ELSE 'transferred' END::ledger.account
           AS from_account,
       CASE WHEN active_from > CASE opened_by WHEN 'transfer' THEN recorded_at ELSE earned_at END
            THEN 'pending' ELSE 'active' END::ledger.account AS to_account,
       amount, CASE opened_by WHEN 'transfer' THEN recorded_at ELSE earned_at END AS effective_at,
       recorded_at, NULL::bigint AS corrects, cause
FROM ledger.lot
UNION ALL
SELECT tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account,
       amount, effective_at, recorded_at, corrects, cause
FROM ledger.movement;

-- Members who are one person: nothing more comes into the ledger of one who was merged.
ALTER TABLE ledger.member ADD COLUMN merged boolean NOT NULL DEFAULT false;
GRANT UPDATE (merged) ON ledger.member TO pointstream_earning;

-- Members who were merged into another, numbered without gaps by member. The row says all that an undoing and a late return
-- must know: which lots went where and came back (pairs of numbers, with the points), debts and identifiers. While the merge
-- stands, `leads_to` is where the id leads in the end, through later merges too.
CREATE TABLE members.merge (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL,
    survivor_id uuid NOT NULL,
    leads_to uuid NOT NULL,
    passed jsonb NOT NULL,
    debts jsonb NOT NULL,
    identifiers text[] NOT NULL,
    counters jsonb NOT NULL,
    cause uuid NOT NULL,
    merged_at timestamptz NOT NULL,
    returned jsonb,
    undone_by uuid,
    undone_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    CHECK (member_id <> survivor_id)
);
CREATE UNIQUE INDEX merge_stands ON members.merge (tenant_id, programme_id, member_id) WHERE undone_at IS NULL;
CREATE INDEX merge_leads_to ON members.merge (tenant_id, programme_id, leads_to) WHERE undone_at IS NULL;
SELECT platform.protect('members.merge', ARRAY['pointstream_operator', 'pointstream_earning']);
GRANT SELECT, INSERT ON members.merge TO pointstream_earning;
GRANT UPDATE (leads_to, returned, undone_by, undone_at) ON members.merge TO pointstream_earning;
GRANT SELECT ON members.merge TO pointstream_gateway, pointstream_operator;

-- Saves merges, and their undoing. The transaction holds the identifiers and both members of each.
CREATE FUNCTION earning.save_merges(p_now timestamptz, p_merged jsonb, p_undone jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM jsonb_to_recordset(p_merged) AS v(
        tenant_id int, programme_id int, member_id uuid, number int, survivor_id uuid, passed jsonb, debts jsonb,
        identifiers jsonb, counters jsonb, cause uuid, tier text)
    LOOP
        INSERT INTO members.merge (tenant_id, programme_id, member_id, number, survivor_id, leads_to, passed, debts,
                                   identifiers, counters, cause, merged_at)
        VALUES (one.tenant_id, one.programme_id, one.member_id, one.number, one.survivor_id, one.survivor_id, one.passed,
                one.debts, ARRAY(SELECT jsonb_array_elements_text(one.identifiers)), one.counters, one.cause, p_now);
        UPDATE members.merge g SET leads_to = one.survivor_id
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.leads_to = one.member_id
          AND g.undone_at IS NULL;
        UPDATE ledger.member m SET merged = true
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.member_id;
        UPDATE ledger.member m SET tier = one.tier
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.survivor_id
          AND m.tier IS NULL AND one.tier IS NOT NULL;
        UPDATE members.identifier i SET member_id = one.survivor_id
        WHERE i.tenant_id = one.tenant_id AND i.programme_id = one.programme_id AND i.member_id = one.member_id;
        UPDATE members.tier_standing t SET due_at = NULL
        WHERE t.tenant_id = one.tenant_id AND t.programme_id = one.programme_id AND t.member_id = one.member_id;
    END LOOP;

    FOR one IN SELECT * FROM jsonb_to_recordset(p_undone) AS v(
        tenant_id int, programme_id int, member_id uuid, number int, survivor_id uuid, returned jsonb, cause uuid)
    LOOP
        UPDATE members.merge g SET returned = one.returned, undone_by = one.cause, undone_at = p_now
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = one.member_id
          AND g.number = one.number;
        WITH RECURSIVE behind AS (
            SELECT g.member_id FROM members.merge g
            WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.survivor_id = one.member_id
              AND g.undone_at IS NULL
            UNION
            SELECT g.member_id FROM behind b JOIN members.merge g
                ON g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.survivor_id = b.member_id
               AND g.undone_at IS NULL
        )
        UPDATE members.merge g SET leads_to = one.member_id
        FROM behind b
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = b.member_id
          AND g.undone_at IS NULL;
        UPDATE ledger.member m SET merged = false
        WHERE m.tenant_id = one.tenant_id AND m.programme_id = one.programme_id AND m.member_id = one.member_id;
        UPDATE members.identifier i SET member_id = one.member_id
        FROM members.merge g
        WHERE g.tenant_id = one.tenant_id AND g.programme_id = one.programme_id AND g.member_id = one.member_id
          AND g.number = one.number AND i.tenant_id = one.tenant_id AND i.programme_id = one.programme_id
          AND i.identifier = ANY (g.identifiers) AND i.member_id = one.survivor_id;
        UPDATE members.tier_standing t SET due_at = p_now
        WHERE t.tenant_id = one.tenant_id AND t.programme_id = one.programme_id AND t.member_id = one.member_id;
    END LOOP;
END $$;

-- As before, without those who were merged.
CREATE OR REPLACE FUNCTION earning.open_batch(
    p_receipt_tenants int[], p_receipt_programmes int[], p_receipt_keys uuid[], p_receipt_events uuid[],
    p_receipt_pages bigint[], p_receipt_members uuid[],
    p_tenants int[], p_programmes int[], p_members uuid[],
    p_counter_tenants int[], p_counter_programmes int[], p_counter_keys text[], p_lock_counters boolean,
    OUT known_tenants int[], OUT known_programmes int[], OUT known_keys uuid[], OUT known_events uuid[],
    OUT known_pages bigint[], OUT known_members uuid[], OUT known_stories bytea[],
    OUT head_tenants int[], OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[],
    OUT head_spreads int[], OUT head_tiers text[], OUT head_activates timestamptz[], OUT head_lapses timestamptz[],
    OUT head_owing boolean[],
    OUT used bigint[]
)
LANGUAGE plpgsql AS $$
DECLARE
    all_new boolean := false;
BEGIN
    -- Nearly always every number is new; then inserting without asking costs less.
    IF array_position(p_receipt_events, NULL) IS NULL THEN
        BEGIN
            INSERT INTO earning.receipt (tenant_id, programme_id, receipt_key, event_key, page, member_id)
            SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.page, v.member_id
            FROM unnest(p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages,
                        p_receipt_members) AS v(tenant_id, programme_id, receipt_key, event_key, page, member_id)
            ORDER BY v.tenant_id, v.receipt_key;
            all_new := true;
        EXCEPTION WHEN unique_violation THEN
            all_new := false;
        END;
    END IF;
    IF NOT all_new THEN
        WITH asked AS (
            SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.page, v.member_id
            FROM unnest(p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages,
                        p_receipt_members) AS v(tenant_id, programme_id, receipt_key, event_key, page, member_id)
            ORDER BY v.tenant_id, v.receipt_key
        ), kept AS (
            INSERT INTO earning.receipt AS r (tenant_id, programme_id, receipt_key, event_key, page, member_id)
            SELECT a.tenant_id, a.programme_id, a.receipt_key, a.event_key, a.page, a.member_id FROM asked a
            ON CONFLICT (tenant_id, receipt_key) DO UPDATE SET programme_id = r.programme_id
            RETURNING r.tenant_id, r.programme_id, r.receipt_key, r.event_key, r.page, r.member_id, r.story,
                      r.xmax <> 0 AS known
        )
        SELECT array_agg(k.tenant_id), array_agg(k.programme_id), array_agg(k.receipt_key), array_agg(k.event_key),
               array_agg(k.page), array_agg(k.member_id), array_agg(k.story)
        INTO known_tenants, known_programmes, known_keys, known_events, known_pages, known_members, known_stories
        FROM kept k WHERE k.known;
    END IF;

    -- A row that had to be waited for comes back as its holder left it; other tables must be read by a later statement.
    SELECT array_agg(l.tenant_id), array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq),
           array_agg(l.spread), array_agg(l.tier), array_agg(l.activates_at), array_agg(l.lapses_at), array_agg(l.owing)
    INTO head_tenants, head_programmes, head_members, head_seqs, head_spreads, head_tiers, head_activates, head_lapses,
         head_owing
    FROM (
        SELECT m.tenant_id, m.programme_id, m.member_id, m.seq, m.spread, m.tier, m.activates_at, m.lapses_at, m.owing
        FROM (
            SELECT v.tenant_id, v.programme_id, v.member_id
            FROM unnest(p_tenants, p_programmes, p_members) AS v(tenant_id, programme_id, member_id)
            UNION
            SELECT v.tenant_id, v.programme_id, v.member_id
            FROM unnest(known_tenants, known_programmes, known_members) AS v(tenant_id, programme_id, member_id)
        ) AS known
        JOIN ledger.member m USING (tenant_id, programme_id, member_id)
        WHERE NOT m.merged
        ORDER BY m.tenant_id, m.programme_id, m.member_id
        FOR NO KEY UPDATE OF m
    ) AS l;

    -- Shared counters are read without a lock, and locked only when a batch is repeated because a limit was passed.
    IF p_lock_counters THEN
        INSERT INTO earning.counter (tenant_id, programme_id, counter_key, used)
        SELECT k.tenant_id, k.programme_id, k.counter_key, 0
        FROM unnest(p_counter_tenants, p_counter_programmes, p_counter_keys) AS k(tenant_id, programme_id, counter_key)
        ORDER BY k.tenant_id, k.programme_id, k.counter_key
        ON CONFLICT (tenant_id, programme_id, counter_key) DO UPDATE SET used = earning.counter.used;
    END IF;
    SELECT array_agg(coalesce(c.used, 0) ORDER BY k.ord) INTO used
    FROM unnest(p_counter_tenants, p_counter_programmes, p_counter_keys)
        WITH ORDINALITY AS k(tenant_id, programme_id, counter_key, ord)
    LEFT JOIN earning.counter c USING (tenant_id, programme_id, counter_key);
END $$;

-- As before, but a member who was merged into another is passed over: the points are not there any more.
CREATE OR REPLACE FUNCTION redemption.begin_request(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_fingerprint bytea, p_now timestamptz,
    p_programme int, p_member uuid, p_redemption uuid,
    OUT known boolean, OUT fingerprint bytea, OUT answer bytea,
    OUT programme_id int, OUT member_id uuid, OUT seq bigint, OUT spread int, OUT owing boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    whose redemption.redemption;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    INSERT INTO redemption.request (tenant_id, credential, operation, key_digest, fingerprint, asked_at)
    VALUES (p_tenant, p_credential, p_operation, p_key, p_fingerprint, p_now)
    ON CONFLICT (tenant_id, credential, operation, key_digest) DO NOTHING;
    known := NOT FOUND;
    IF known THEN
        SELECT r.fingerprint, r.answer INTO fingerprint, answer
        FROM redemption.request r
        WHERE r.tenant_id = p_tenant AND r.credential = p_credential AND r.operation = p_operation
          AND r.key_digest = p_key;
        RETURN;
    END IF;

    -- Whose a redemption is does not change, so it may be looked up before the lock.
    SELECT * INTO whose FROM redemption.redemption r WHERE r.tenant_id = p_tenant AND r.redemption_id = p_redemption;
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing INTO programme_id, member_id, seq, spread, owing
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = coalesce(whose.programme_id, p_programme)
      AND m.member_id = coalesce(whose.member_id, p_member) AND NOT m.merged
    FOR NO KEY UPDATE;
END $$;
