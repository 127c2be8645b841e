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

-- Events that moved nothing leave no movement; this keeps a member's history complete.
CREATE TABLE earning.unpaid_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    after_seq bigint NOT NULL,
    event_key uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('no_points', 'awaiting_operator', 'unchanged', 'refused')),
    PRIMARY KEY (tenant_id, programme_id, member_id, after_seq, event_key)
);

-- One row a receipt number of a store: what came under it first, where its decision lies, and whose it is. A return that
-- comes before its purchase makes the row, so that both wait for each other here. The story is there as soon as anything
-- but a plain purchase has happened.
CREATE TABLE earning.receipt (
    tenant_id int NOT NULL,
    receipt_key uuid NOT NULL,
    programme_id int NOT NULL,
    event_key uuid,
    page bigint,
    member_id uuid,
    story bytea,
    PRIMARY KEY (tenant_id, receipt_key)
) WITH (fillfactor = 90);

-- What was said under a receipt number beside its first purchase: returns, corrections, voids, claims, decisions. What is
-- about no receipt and nobody who is known, such as an activity of a stranger, stands under its own key.
CREATE TABLE earning.receipt_event (
    tenant_id int NOT NULL,
    receipt_key uuid NOT NULL,
    event_key uuid NOT NULL,
    PRIMARY KEY (tenant_id, receipt_key, event_key)
);

-- Receipts that nobody owns yet: of an unknown identifier, or without any.
CREATE TABLE earning.unclaimed_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    event_key uuid NOT NULL,
    identifiers text[] NOT NULL,
    receipt_number text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, receipt_key)
);
CREATE INDEX unclaimed_by_identifier ON earning.unclaimed_receipt USING gin (identifiers);
CREATE INDEX unclaimed_by_number ON earning.unclaimed_receipt (tenant_id, programme_id, receipt_number);

-- Receipts that no rule decides: they wait for an operator, or for an exchange rate.
CREATE TABLE earning.parked_receipt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    member_id uuid,
    event_key uuid NOT NULL,
    reason text NOT NULL,
    currency text NOT NULL,
    store text,
    receipt_number text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, receipt_key)
);

-- What a campaign has given out under a shared limit.
CREATE TABLE earning.counter (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    counter_key text NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, counter_key)
) WITH (fillfactor = 50);

-- The start of every batch: move the positions, let the inbox decide what is new, and look whose the identifiers are.
--
-- Records come as columns, in order. What many of them share stands once, and is named by its number: a slot is a span,
-- a tenant and a page; a scope is a tenant and a programme, with its distinct identifiers joined by U+001F.
-- Answers are arrays in the order of what was asked:
--   moved      by span: false for a fenced one
--   late_…     the records that were known before, with the digest of the body that was taken then
--   owners     by identifier, scope after scope: NULL for one that nobody has yet
-- A function of several statements on purpose: under READ COMMITTED each takes its own snapshot, so the look after the
-- locks sees what the transaction that held them has done.
CREATE FUNCTION earning.begin_batch(
    p_consumer text, p_now timestamptz,
    p_topics text[], p_parts int[], p_froms bigint[], p_tos bigint[], p_epochs bigint[],
    p_streaks int[], p_seen int[], p_bad int[], p_halts text[],
    p_slot_spans int[], p_slot_tenants int[], p_slot_pages int[],
    p_record_slots int[], p_event_keys uuid[], p_body_hashes bigint[],
    p_scope_tenants int[], p_scope_programmes int[], p_scope_identifiers text[],
    OUT moved boolean[], OUT page_base bigint, OUT late_keys uuid[], OUT late_hashes bigint[],
    OUT owners uuid[]
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

    IF coalesce(cardinality(fresh), 0) < cardinality(p_event_keys) THEN
        SELECT array_agg(i.event_key), array_agg(i.body_hash) INTO late_keys, late_hashes
        FROM (
            SELECT p_slot_tenants[v.slot] AS tenant_id, v.event_key
            FROM unnest(p_record_slots, p_event_keys) AS v(slot, event_key)
            WHERE NOT EXISTS (SELECT FROM unnest(fresh) AS f(event_key) WHERE f.event_key = v.event_key)
        ) AS late
        JOIN earning.inbox i USING (tenant_id, event_key);
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
END $$;

-- The second step of a batch: lock what its fresh records concern, in the order of the whole platform (receipt numbers,
-- members, shared counters), and then load.
--
-- A receipt is asked for with the event, page and member of its purchase, or without them by whatever follows a purchase.
--   known_…    the receipts that were there before, each once
--   head_…     the members asked for and those of the known receipts, each once, locked
--   used       by counter key
CREATE FUNCTION earning.open_batch(
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

-- The end of every batch: decisions, and the effects of plain purchases.
-- What many lots share stands once, as a term, and is named by its number. A member's head follows its lots.
CREATE FUNCTION earning.save_batch(
    p_now timestamptz, p_page_base bigint,
    p_term_tenants int[], p_term_programmes int[], p_term_wallets text[], p_term_expires timestamptz[],
    p_term_versions int[],
    p_lot_terms int[], p_lot_members uuid[], p_lot_seqs bigint[], p_lot_amounts bigint[], p_lot_earned timestamptz[],
    p_lot_causes uuid[],
    p_page_tenants int[], p_page_numbers int[], p_page_bodies bytea[],
    p_unpaid_tenants int[], p_unpaid_programmes int[], p_unpaid_members uuid[], p_unpaid_after bigint[],
    p_unpaid_keys uuid[], p_unpaid_times timestamptz[], p_unpaid_outcomes text[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause)
    SELECT p_term_tenants[v.term], p_term_programmes[v.term], v.member_id, v.seq, p_term_wallets[v.term], v.amount,
           v.amount, v.earned_at, v.earned_at, p_term_expires[v.term], p_now, p_term_versions[v.term], v.cause
    FROM unnest(p_lot_terms, p_lot_members, p_lot_seqs, p_lot_amounts, p_lot_earned, p_lot_causes)
        AS v(term, member_id, seq, amount, earned_at, cause);

    UPDATE ledger.member m SET seq = v.seq, lapses_at = least(m.lapses_at, v.lapses_at)
    FROM (
        SELECT p_term_tenants[l.term] AS tenant_id, p_term_programmes[l.term] AS programme_id, l.member_id,
               max(l.seq) AS seq, min(p_term_expires[l.term]) AS lapses_at
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
END $$;

-- What plain purchases do not do: movements other than their credits, lots that begin pending or from elsewhere, the
-- projections behind them. Rows come as JSON, for there are few of them; a lot is touched once, by what it is in the end.
-- The planner can't know how few, and would read whole tables.
CREATE FUNCTION earning.save_lives(
    p_now timestamptz, p_lots jsonb, p_movements jsonb, p_allocations jsonb, p_touched jsonb, p_debts jsonb, p_heads jsonb
) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at, active_from,
                            expires_at, recorded_at, policy_version, cause, contributor, opened_by, pending,
                            now_active_from, now_expires_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.wallet, v.amount, v.remaining, v.held, v.earned_at,
           v.active_from, v.expires_at, p_now, v.policy_version, v.cause, v.contributor, v.opened_by, v.pending,
           v.now_active_from, v.now_expires_at
    FROM jsonb_to_recordset(p_lots) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, wallet text, amount bigint, remaining bigint,
        held bigint, earned_at timestamptz, active_from timestamptz, expires_at timestamptz, policy_version int, cause uuid,
        contributor uuid, opened_by ledger.kind, pending boolean, now_active_from timestamptz, now_expires_at timestamptz);

    INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                 effective_at, recorded_at, corrects, cause, moves_expiry, new_expires_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.wallet, v.kind, v.from_account, v.to_account, v.amount,
           v.effective_at, p_now, v.corrects, v.cause, v.moves_expiry, v.new_expires_at
    FROM jsonb_to_recordset(p_movements) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, wallet text, kind ledger.kind,
        from_account ledger.account, to_account ledger.account, amount bigint, effective_at timestamptz, corrects bigint,
        cause uuid, moves_expiry boolean, new_expires_at timestamptz);

    INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.lot_seq, v.amount
    FROM jsonb_to_recordset(p_allocations)
        AS v(tenant_id int, programme_id int, member_id uuid, seq bigint, lot_seq bigint, amount bigint);

    UPDATE ledger.lot l
    SET remaining = v.remaining, held = v.held, pending = v.pending,
        now_active_from = coalesce(v.now_active_from, l.now_active_from),
        now_expires_at = coalesce(v.now_expires_at, l.now_expires_at)
    FROM jsonb_to_recordset(p_touched) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, remaining bigint, held bigint, pending boolean,
        now_active_from timestamptz, now_expires_at timestamptz)
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id AND l.seq = v.seq;

    INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.wallet, v.amount, v.since
    FROM jsonb_to_recordset(p_debts)
        AS v(tenant_id int, programme_id int, member_id uuid, wallet text, amount bigint, since timestamptz)
    ON CONFLICT (tenant_id, programme_id, member_id, wallet)
        DO UPDATE SET amount = excluded.amount, since = excluded.since;

    UPDATE ledger.member m
    SET seq = v.seq, activates_at = v.activates_at, lapses_at = v.lapses_at, owing = v.owing
    FROM jsonb_to_recordset(p_heads) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, activates_at timestamptz, lapses_at timestamptz,
        owing boolean)
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;
END $$;

-- What is told of receipts beside their points: their stories, who waits for a member, an operator or a rate.
CREATE FUNCTION earning.save_receipts(
    p_now timestamptz,
    p_tenants int[], p_keys uuid[], p_events uuid[], p_pages bigint[], p_members uuid[], p_stories bytea[],
    p_event_tenants int[], p_event_receipts uuid[], p_event_keys uuid[],
    p_settled_tenants int[], p_settled_programmes int[], p_settled_keys uuid[], p_unclaimed jsonb, p_parked jsonb,
    p_again_tenants int[], p_again_keys uuid[], p_again_pages bigint[]
) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    UPDATE earning.receipt r SET event_key = v.event_key, page = v.page, member_id = v.member_id, story = v.story
    FROM unnest(p_tenants, p_keys, p_events, p_pages, p_members, p_stories)
        AS v(tenant_id, receipt_key, event_key, page, member_id, story)
    WHERE r.tenant_id = v.tenant_id AND r.receipt_key = v.receipt_key;

    INSERT INTO earning.receipt_event (tenant_id, receipt_key, event_key)
    SELECT * FROM unnest(p_event_tenants, p_event_receipts, p_event_keys);

    -- A receipt that is decided anew, because somebody claimed it, is explained by its last decision.
    UPDATE earning.inbox i SET page = v.page
    FROM unnest(p_again_tenants, p_again_keys, p_again_pages) AS v(tenant_id, event_key, page)
    WHERE i.tenant_id = v.tenant_id AND i.event_key = v.event_key;

    DELETE FROM earning.unclaimed_receipt u
    USING unnest(p_settled_tenants, p_settled_programmes, p_settled_keys) AS v(tenant_id, programme_id, receipt_key)
    WHERE u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.receipt_key = v.receipt_key;
    DELETE FROM earning.parked_receipt u
    USING unnest(p_settled_tenants, p_settled_programmes, p_settled_keys) AS v(tenant_id, programme_id, receipt_key)
    WHERE u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.receipt_key = v.receipt_key;

    INSERT INTO earning.unclaimed_receipt
        (tenant_id, programme_id, receipt_key, event_key, identifiers, receipt_number, occurred_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.receipt_key, v.event_key, v.identifiers, v.receipt_number, v.occurred_at, p_now
    FROM jsonb_to_recordset(p_unclaimed) AS v(
        tenant_id int, programme_id int, receipt_key uuid, event_key uuid, identifiers text[], receipt_number text,
        occurred_at timestamptz);

    INSERT INTO earning.parked_receipt (tenant_id, programme_id, receipt_key, member_id, event_key, reason, currency, store,
                                        receipt_number, occurred_at, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.receipt_key, v.member_id, v.event_key, v.reason, v.currency, v.store,
           v.receipt_number, v.occurred_at, p_now
    FROM jsonb_to_recordset(p_parked) AS v(
        tenant_id int, programme_id int, receipt_key uuid, member_id uuid, event_key uuid, reason text, currency text,
        store text, receipt_number text, occurred_at timestamptz);
END $$;

-- Counts what campaigns have given out under shared limits, in key order, just before the outbox; what was taken back
-- counts below 0, and gives the allowance back.
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
    FROM counted JOIN unnest(p_tenants, p_programmes, p_keys, p_uses, p_limits)
        AS v(tenant_id, programme_id, counter_key, uses, most) USING (tenant_id, programme_id, counter_key)
    WHERE v.uses <= 0 OR counted.used <= v.most;
    IF within < cardinality(p_keys) THEN
        RAISE EXCEPTION 'a shared limit would be passed' USING ERRCODE = 'PS001';
    END IF;
END $$;

-- Ties identifiers to members (NULL: to nobody any longer); locks identifiers before members, as receipts do.
-- The caller has looked whose the identifiers are. Where that has changed since, nothing is done and the batch is repeated.
-- Within one call each identifier stands once.
CREATE FUNCTION earning.tie_identifiers(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_identifiers text[], p_were uuid[], p_become uuid[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    unchanged boolean;
BEGIN
    WITH locked AS (
        INSERT INTO members.identifier AS i (tenant_id, programme_id, identifier, member_id, recorded_at)
        SELECT v.tenant_id, v.programme_id, v.identifier, v.was, p_now
        FROM unnest(p_tenants, p_programmes, p_identifiers, p_were) AS v(tenant_id, programme_id, identifier, was)
        ORDER BY v.tenant_id, v.programme_id, v.identifier
        ON CONFLICT (tenant_id, programme_id, identifier) DO UPDATE SET recorded_at = excluded.recorded_at
        RETURNING i.tenant_id, i.programme_id, i.identifier, i.member_id
    )
    SELECT bool_and(l.member_id IS NOT DISTINCT FROM v.was) INTO unchanged
    FROM locked l JOIN unnest(p_tenants, p_programmes, p_identifiers, p_were)
        AS v(tenant_id, programme_id, identifier, was) USING (tenant_id, programme_id, identifier);
    IF NOT unchanged THEN
        RAISE EXCEPTION 'an identifier was taken meanwhile' USING ERRCODE = '40001';
    END IF;

    UPDATE members.identifier i SET member_id = v.becomes
    FROM unnest(p_tenants, p_programmes, p_identifiers, p_become) AS v(tenant_id, programme_id, identifier, becomes)
    WHERE i.tenant_id = v.tenant_id AND i.programme_id = v.programme_id AND i.identifier = v.identifier
      AND i.member_id IS DISTINCT FROM v.becomes;
END $$;

-- Enrols members, or gives those who are a new tier. Within one call each member stands once.
CREATE FUNCTION earning.enrol_members(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_spreads int[], p_tiers text[],
    p_times timestamptz[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
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
END $$;
