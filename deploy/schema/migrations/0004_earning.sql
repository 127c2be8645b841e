-- What earning owns: which events it has seen, what it decided, and the shared counters of campaigns.
CREATE SCHEMA earning;

CREATE SEQUENCE earning.page AS bigint;

-- Every accepted event, once. Not partitioned by time: an id that comes back after a border must still be known.
CREATE TABLE earning.inbox (
    tenant_id int NOT NULL,
    event_key uuid NOT NULL,
    body_hash bigint NOT NULL,
    page bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_key)
);

-- The facts and decisions of some of a batch's receipts, compressed together: JSON lines in the order of the batch.
CREATE TABLE earning.decision_page (
    tenant_id int NOT NULL,
    page bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, page, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE earning.decision_page_rest PARTITION OF earning.decision_page DEFAULT;
ALTER TABLE earning.decision_page_rest ALTER COLUMN body SET STORAGE EXTERNAL;

-- Receipts that paid nothing leave no movement; this keeps a member's history complete.
CREATE TABLE earning.unpaid_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    after_seq bigint NOT NULL,
    event_key uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('no_points', 'awaiting_operator')),
    PRIMARY KEY (tenant_id, programme_id, member_id, after_seq, event_key)
);

-- Receipts that nobody owns yet: of an unknown identifier, or without any.
CREATE TABLE earning.unclaimed_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    event_key uuid NOT NULL,
    identifiers text[] NOT NULL,
    receipt_number text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, event_key)
);
CREATE INDEX unclaimed_by_identifier ON earning.unclaimed_receipt USING gin (identifiers);
CREATE INDEX unclaimed_by_number ON earning.unclaimed_receipt (tenant_id, programme_id, receipt_number);

-- What a campaign has given out under a shared limit.
CREATE TABLE earning.counter (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    counter_key text NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (tenant_id, programme_id, counter_key)
) WITH (fillfactor = 50);

-- The start of every batch of receipts: move the positions, let the inbox decide what is new, lock, and then load.
--
-- Records come as columns, in order. What many of them share stands once, and is named by its number: a slot is a span,
-- a tenant and a page; a scope is a tenant and a programme, with its distinct identifiers joined by U+001F.
-- Answers are arrays in the order of what was asked:
--   moved      by span: false for a fenced one
--   status     by record, a letter each: f fresh, r repeat, c conflict (same id, other body), x fenced
--   owners     by identifier, scope after scope: NULL for one that nobody has yet
--   head_…     the members behind them, each once, locked
--   used       by counter key
-- A function of several statements on purpose: under READ COMMITTED each takes its own snapshot, so the load after the
-- locks sees what the transaction that held them has done.
CREATE FUNCTION earning.begin_batch(
    p_consumer text, p_now timestamptz,
    p_topics text[], p_parts int[], p_froms bigint[], p_tos bigint[], p_epochs bigint[],
    p_streaks int[], p_seen int[], p_bad int[], p_halts text[],
    p_slot_spans int[], p_slot_tenants int[], p_slot_pages int[],
    p_record_slots int[], p_event_keys uuid[], p_body_hashes bigint[],
    p_scope_tenants int[], p_scope_programmes int[], p_scope_identifiers text[],
    p_counter_tenants int[], p_counter_programmes int[], p_counter_keys text[], p_lock_counters boolean,
    OUT moved boolean[], OUT page_base bigint, OUT status text,
    OUT owners uuid[],
    OUT head_tenants int[], OUT head_programmes int[], OUT head_members uuid[], OUT head_seqs bigint[],
    OUT head_spreads int[], OUT head_tiers text[],
    OUT used bigint[]
)
LANGUAGE plpgsql AS $$
DECLARE
    fresh uuid[];
    span_moved boolean[];
    base bigint;
    ident_tenants int[];
    ident_programmes int[];
    identifiers text[];
BEGIN
    span_moved := stream.advance(p_consumer, p_now, p_topics, p_parts, p_froms, p_tos, p_epochs,
                                 p_streaks, p_seen, p_bad, p_halts);
    moved := span_moved;
    base := nextval('earning.page') * 4096;
    page_base := base;

    WITH new AS (
        INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
        SELECT p_slot_tenants[v.slot], v.event_key, v.body_hash, base + p_slot_pages[v.slot], p_now
        FROM unnest(p_record_slots, p_event_keys, p_body_hashes) AS v(slot, event_key, body_hash)
        WHERE span_moved[p_slot_spans[v.slot]]
        ORDER BY 1, 2
        ON CONFLICT (tenant_id, event_key) DO NOTHING
        RETURNING event_key
    )
    SELECT array_agg(event_key) INTO fresh FROM new;

    IF coalesce(cardinality(fresh), 0) = cardinality(p_event_keys) THEN
        status := repeat('f', cardinality(p_event_keys));
    ELSE
        SELECT string_agg(CASE WHEN NOT span_moved[p_slot_spans[v.slot]] THEN 'x'
                               WHEN f.event_key IS NOT NULL THEN 'f'
                               WHEN i.body_hash = v.body_hash THEN 'r'
                               ELSE 'c' END, '' ORDER BY v.ord)
        INTO status
        FROM unnest(p_record_slots, p_event_keys, p_body_hashes) WITH ORDINALITY AS v(slot, event_key, body_hash, ord)
        LEFT JOIN unnest(fresh) AS f(event_key) USING (event_key)
        LEFT JOIN earning.inbox i ON i.tenant_id = p_slot_tenants[v.slot] AND i.event_key = v.event_key;
    END IF;

    SELECT array_agg(s.tenant_id ORDER BY s.ord, i.ord), array_agg(s.programme_id ORDER BY s.ord, i.ord),
           array_agg(i.identifier ORDER BY s.ord, i.ord)
    INTO ident_tenants, ident_programmes, identifiers
    FROM unnest(p_scope_tenants, p_scope_programmes, p_scope_identifiers)
        WITH ORDINALITY AS s(tenant_id, programme_id, joined, ord)
    CROSS JOIN LATERAL string_to_table(s.joined, E'\x1f') WITH ORDINALITY AS i(identifier, ord);

    SELECT array_agg(i.member_id ORDER BY v.ord) INTO owners
    FROM unnest(ident_tenants, ident_programmes, identifiers)
        WITH ORDINALITY AS v(tenant_id, programme_id, identifier, ord)
    LEFT JOIN members.identifier i USING (tenant_id, programme_id, identifier);

    IF array_position(owners, NULL) IS NOT NULL THEN
        -- An unknown identifier gets a row too: its enrolment, on another partition, then waits for this transaction,
        -- or this transaction for the enrolment, and looks again.
        INSERT INTO members.identifier (tenant_id, programme_id, identifier, recorded_at)
        SELECT v.tenant_id, v.programme_id, v.identifier, p_now
        FROM unnest(ident_tenants, ident_programmes, identifiers, owners)
            AS v(tenant_id, programme_id, identifier, owner)
        WHERE v.owner IS NULL
        ORDER BY v.tenant_id, v.programme_id, v.identifier
        ON CONFLICT (tenant_id, programme_id, identifier) DO UPDATE SET recorded_at = members.identifier.recorded_at;

        SELECT array_agg(i.member_id ORDER BY v.ord) INTO owners
        FROM unnest(ident_tenants, ident_programmes, identifiers)
            WITH ORDINALITY AS v(tenant_id, programme_id, identifier, ord)
        JOIN members.identifier i USING (tenant_id, programme_id, identifier);
    END IF;

    -- A row that had to be waited for comes back as its holder left it; other tables must be read by a later statement.
    SELECT array_agg(l.tenant_id), array_agg(l.programme_id), array_agg(l.member_id), array_agg(l.seq),
           array_agg(l.spread), array_agg(l.tier)
    INTO head_tenants, head_programmes, head_members, head_seqs, head_spreads, head_tiers
    FROM (
        SELECT m.tenant_id, m.programme_id, m.member_id, m.seq, m.spread, m.tier
        FROM (
            SELECT DISTINCT v.tenant_id, v.programme_id, v.member_id
            FROM unnest(ident_tenants, ident_programmes, owners) AS v(tenant_id, programme_id, member_id)
            WHERE v.member_id IS NOT NULL
        ) AS known
        JOIN ledger.member m USING (tenant_id, programme_id, member_id)
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

-- The end of every batch: all effects but the shared counters.
-- What many lots share stands once, as a term, and is named by its number. A member's head follows its lots.
CREATE FUNCTION earning.save_batch(
    p_now timestamptz, p_page_base bigint,
    p_term_tenants int[], p_term_programmes int[], p_term_wallets text[], p_term_expires timestamptz[],
    p_term_versions int[],
    p_lot_terms int[], p_lot_members uuid[], p_lot_seqs bigint[], p_lot_amounts bigint[], p_lot_earned timestamptz[],
    p_lot_causes uuid[],
    p_page_tenants int[], p_page_numbers int[], p_page_bodies bytea[],
    p_unpaid_tenants int[], p_unpaid_programmes int[], p_unpaid_members uuid[], p_unpaid_after bigint[],
    p_unpaid_keys uuid[], p_unpaid_times timestamptz[], p_unpaid_outcomes text[],
    p_open_tenants int[], p_open_programmes int[], p_open_keys uuid[], p_open_identifiers text[],
    p_open_numbers text[], p_open_times timestamptz[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause)
    SELECT p_term_tenants[v.term], p_term_programmes[v.term], v.member_id, v.seq, p_term_wallets[v.term], v.amount,
           v.amount, v.earned_at, v.earned_at, p_term_expires[v.term], p_now, p_term_versions[v.term], v.cause
    FROM unnest(p_lot_terms, p_lot_members, p_lot_seqs, p_lot_amounts, p_lot_earned, p_lot_causes)
        AS v(term, member_id, seq, amount, earned_at, cause);

    UPDATE ledger.member m SET seq = v.seq
    FROM (
        SELECT p_term_tenants[l.term] AS tenant_id, p_term_programmes[l.term] AS programme_id, l.member_id,
               max(l.seq) AS seq
        FROM unnest(p_lot_terms, p_lot_members, p_lot_seqs) AS l(term, member_id, seq)
        GROUP BY 1, 2, 3
    ) AS v
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;

    INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body)
    SELECT v.tenant_id, p_page_base + v.number, p_now, v.body
    FROM unnest(p_page_tenants, p_page_numbers, p_page_bodies) AS v(tenant_id, number, body);

    IF cardinality(p_unpaid_keys) > 0 THEN
        INSERT INTO earning.unpaid_receipt
            (tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, recorded_at, outcome)
        SELECT v.tenant_id, v.programme_id, v.member_id, v.after_seq, v.event_key, v.occurred_at, p_now, v.outcome
        FROM unnest(p_unpaid_tenants, p_unpaid_programmes, p_unpaid_members, p_unpaid_after, p_unpaid_keys,
                    p_unpaid_times, p_unpaid_outcomes)
            AS v(tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, outcome);
    END IF;

    IF cardinality(p_open_keys) > 0 THEN
        INSERT INTO earning.unclaimed_receipt
            (tenant_id, programme_id, event_key, identifiers, receipt_number, occurred_at, recorded_at)
        SELECT v.tenant_id, v.programme_id, v.event_key,
               CASE WHEN v.identifiers = '' THEN '{}' ELSE string_to_array(v.identifiers, E'\x1f') END,
               v.number, v.occurred_at, p_now
        FROM unnest(p_open_tenants, p_open_programmes, p_open_keys, p_open_identifiers, p_open_numbers, p_open_times)
            AS v(tenant_id, programme_id, event_key, identifiers, number, occurred_at);
    END IF;
END $$;

-- Counts what campaigns have given out under shared limits, in key order, just before the outbox.
-- Raises PS001 when a limit would be passed: the caller repeats the batch with the counters locked.
CREATE FUNCTION earning.count_uses(
    p_tenants int[], p_programmes int[], p_keys text[], p_uses bigint[], p_limits bigint[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    within int;
BEGIN
    WITH counted AS (
        INSERT INTO earning.counter AS c (tenant_id, programme_id, counter_key, used)
        SELECT v.tenant_id, v.programme_id, v.counter_key, v.uses
        FROM unnest(p_tenants, p_programmes, p_keys, p_uses) AS v(tenant_id, programme_id, counter_key, uses)
        ORDER BY v.tenant_id, v.programme_id, v.counter_key
        ON CONFLICT (tenant_id, programme_id, counter_key) DO UPDATE SET used = c.used + excluded.used
        RETURNING c.tenant_id, c.programme_id, c.counter_key, c.used
    )
    SELECT count(*) INTO within
    FROM counted JOIN unnest(p_tenants, p_programmes, p_keys, p_limits)
        AS v(tenant_id, programme_id, counter_key, most) USING (tenant_id, programme_id, counter_key)
    WHERE counted.used <= v.most;
    IF within < cardinality(p_keys) THEN
        RAISE EXCEPTION 'a shared limit would be passed' USING ERRCODE = 'PS001';
    END IF;
END $$;

-- Enrols members and ties identifiers to them; locks identifiers before members, as receipts do.
-- The caller has looked whose the identifiers are. Where somebody else took one since, nothing is done and the batch is
-- repeated. Within one call each member and each identifier stands once.
CREATE FUNCTION earning.enrol_batch(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_spreads int[], p_tiers text[],
    p_times timestamptz[], p_ident_tenants int[], p_ident_programmes int[], p_identifiers text[], p_ident_members uuid[]
) RETURNS boolean[]
LANGUAGE plpgsql AS $$
DECLARE
    owned boolean[];
BEGIN
    INSERT INTO members.identifier AS i (tenant_id, programme_id, identifier, member_id, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.identifier, v.member_id, p_now
    FROM unnest(p_ident_tenants, p_ident_programmes, p_identifiers, p_ident_members)
        AS v(tenant_id, programme_id, identifier, member_id)
    ORDER BY v.tenant_id, v.programme_id, v.identifier
    ON CONFLICT (tenant_id, programme_id, identifier)
        DO UPDATE SET member_id = coalesce(i.member_id, excluded.member_id);

    INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.enrolled_at, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_times) AS v(tenant_id, programme_id, member_id, enrolled_at)
    ORDER BY v.tenant_id, v.programme_id, v.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO NOTHING;

    INSERT INTO ledger.member AS m (tenant_id, programme_id, member_id, spread, tier)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.spread, v.tier
    FROM unnest(p_tenants, p_programmes, p_members, p_spreads, p_tiers)
        AS v(tenant_id, programme_id, member_id, spread, tier)
    ORDER BY v.tenant_id, v.programme_id, v.member_id
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET tier = coalesce(excluded.tier, m.tier);

    SELECT array_agg(i.member_id = v.member_id ORDER BY v.ord) INTO owned
    FROM unnest(p_ident_tenants, p_ident_programmes, p_identifiers, p_ident_members)
        WITH ORDINALITY AS v(tenant_id, programme_id, identifier, member_id, ord)
    JOIN members.identifier i USING (tenant_id, programme_id, identifier);
    IF NOT true = ALL (owned) THEN
        RAISE EXCEPTION 'an identifier was taken meanwhile' USING ERRCODE = '40001';
    END IF;
    RETURN owned;
END $$;
