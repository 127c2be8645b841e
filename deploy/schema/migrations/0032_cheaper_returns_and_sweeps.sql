-- Looking for the movement and the lot of each allocation, one by one, took longer than everything else that a sweep does, and a
-- fifth of what a return costs here. Both are written by the same statements, and `verify` checks them.
ALTER TABLE ledger.allocation
    DROP CONSTRAINT allocation_tenant_id_programme_id_member_id_seq_fkey,
    DROP CONSTRAINT allocation_tenant_id_programme_id_member_id_lot_seq_fkey;

-- The second step of a batch: lock what its fresh records concern, in the order of the whole platform (receipt numbers,
-- members, shared counters), and then load.
--
-- A receipt is asked for with the event, page and member of its purchase, or without them by whatever follows a purchase.
--   known_…    the receipts that were there before, each once
--   head_…     the members asked for and those of the known receipts, each once, locked; not those who were merged
--   used       by counter key
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
    -- Numbers that something came after are nearly always known, and all others new: asking and inserting apart cost least.
    -- What is known is locked before anything is inserted, by everybody.
    IF array_position(p_receipt_events, NULL) IS NOT NULL THEN
        SELECT array_agg(k.tenant_id), array_agg(k.programme_id), array_agg(k.receipt_key), array_agg(k.event_key),
               array_agg(k.page), array_agg(k.member_id), array_agg(k.story)
        INTO known_tenants, known_programmes, known_keys, known_events, known_pages, known_members, known_stories
        FROM (
            SELECT r.*
            FROM (
                SELECT v.tenant_id, v.receipt_key
                FROM unnest(p_receipt_tenants, p_receipt_keys, p_receipt_events) AS v(tenant_id, receipt_key, event_key)
                WHERE v.event_key IS NULL
                ORDER BY v.tenant_id, v.receipt_key
            ) AS v
            CROSS JOIN LATERAL (
                SELECT r.* FROM earning.receipt r
                WHERE r.tenant_id = v.tenant_id AND r.receipt_key = v.receipt_key
                FOR NO KEY UPDATE
            ) AS r
        ) AS k;
    END IF;
    BEGIN
        INSERT INTO earning.receipt (tenant_id, programme_id, receipt_key, event_key, page, member_id)
        SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.page, v.member_id
        FROM unnest(p_receipt_tenants, p_receipt_programmes, p_receipt_keys, p_receipt_events, p_receipt_pages,
                    p_receipt_members) AS v(tenant_id, programme_id, receipt_key, event_key, page, member_id)
        WHERE v.event_key IS NOT NULL
           OR NOT EXISTS (SELECT 1 FROM unnest(known_tenants, known_keys) AS k(tenant_id, receipt_key)
                          WHERE k.tenant_id = v.tenant_id AND k.receipt_key = v.receipt_key)
        ORDER BY v.tenant_id, v.receipt_key;
        all_new := true;
    EXCEPTION WHEN unique_violation THEN
        all_new := false;
    END;
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
