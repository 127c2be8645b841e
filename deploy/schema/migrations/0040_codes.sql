-- Codes that are worth something, in pools: coupons and vouchers.

-- Codes of one kind, with the rules by which they count (`rules`, a document) and what they look like (`pattern`; null where
-- they were brought along). `codes` is how many were ever put in, `last_number` the place of the last. `exhausted_at` says
-- since when there is none left for whoever asks; it goes when more are put in.
CREATE TABLE redemption.code_pool (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    pool_id int GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    kind text NOT NULL CHECK (kind IN ('coupon', 'voucher')),
    pattern jsonb,
    rules jsonb NOT NULL,
    revision int NOT NULL DEFAULT 1,
    paused boolean NOT NULL DEFAULT false,
    codes bigint NOT NULL DEFAULT 0,
    last_number bigint NOT NULL DEFAULT 0,
    exhausted_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, pool_id),
    UNIQUE (tenant_id, programme_id, name)
);
CREATE INDEX code_pool_exhausted ON redemption.code_pool (tenant_id, pool_id) WHERE exhausted_at IS NOT NULL;

-- A code. Its id is a keyed digest of it, its text is sealed: neither gives the code to whoever has the table alone. `number`
-- is its place in the pool, in which codes are handed out; `issue` says for what it was handed out, so that it is one for one.
-- `uses` counts the redemptions that stand.
CREATE TABLE redemption.code (
    tenant_id int NOT NULL,
    code_id uuid NOT NULL,
    pool_id int NOT NULL,
    number bigint NOT NULL,
    state text NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'assigned', 'published', 'redeemed', 'void')),
    uses int NOT NULL DEFAULT 0 CHECK (uses >= 0),
    sealed bytea NOT NULL,
    member_id uuid,
    issue uuid,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    assigned_at timestamptz,
    published_at timestamptz,
    redeemed_at timestamptz,
    voided_at timestamptz,
    PRIMARY KEY (tenant_id, code_id),
    CHECK ((state = 'void') = (voided_at IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX code_free ON redemption.code (tenant_id, pool_id, number) WHERE state = 'created';
CREATE INDEX code_taken ON redemption.code (tenant_id, pool_id, state) WHERE state <> 'created';
CREATE INDEX code_of_member ON redemption.code (tenant_id, member_id, assigned_at) WHERE member_id IS NOT NULL;
CREATE UNIQUE INDEX code_of_issue ON redemption.code (tenant_id, issue) WHERE issue IS NOT NULL;

-- A redemption of a code; `returned_at` when it was undone. `use_id` follows from the request that made it. Amounts are minor
-- units of `currency`.
CREATE TABLE redemption.code_use (
    tenant_id int NOT NULL,
    use_id uuid NOT NULL,
    code_id uuid NOT NULL,
    pool_id int NOT NULL,
    member_id uuid,
    reference text CHECK (length(reference) BETWEEN 1 AND 64),
    store text,
    currency text,
    total_minor bigint,
    discount_minor bigint,
    used_at timestamptz NOT NULL,
    returned_at timestamptz,
    PRIMARY KEY (tenant_id, use_id)
);
CREATE INDEX code_use_of_code ON redemption.code_use (tenant_id, code_id, used_at);
CREATE INDEX code_use_of_member ON redemption.code_use (tenant_id, member_id, pool_id) WHERE member_id IS NOT NULL;

-- Codes that were tried and are none, by who tried (a credential, a member) and the minute. Old minutes are deleted.
CREATE TABLE redemption.code_miss (
    tenant_id int NOT NULL,
    who text NOT NULL,
    minute timestamptz NOT NULL,
    misses int NOT NULL,
    PRIMARY KEY (tenant_id, who, minute)
);
CREATE INDEX code_miss_by_age ON redemption.code_miss (minute);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.code_pool', 'redemption.code', 'redemption.code_use', 'redemption.code_miss']) AS name;

-- Puts codes into a pool and says which went in: those that the tenant has already do not. The pool's row is locked, so that
-- numbers follow the order given.
CREATE FUNCTION redemption.add_codes(p_tenant int, p_pool int, p_ids uuid[], p_sealed bytea[], p_now timestamptz)
RETURNS TABLE (code_id uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_before bigint;
    v_added bigint;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT p.last_number INTO STRICT v_before FROM redemption.code_pool p
    WHERE p.tenant_id = p_tenant AND p.pool_id = p_pool FOR NO KEY UPDATE;
    RETURN QUERY
    INSERT INTO redemption.code (tenant_id, code_id, pool_id, number, sealed, created_at)
    SELECT p_tenant, n.id, p_pool, v_before + n.place, n.sealed, p_now
    FROM unnest(p_ids, p_sealed) WITH ORDINALITY AS n(id, sealed, place)
    ON CONFLICT (tenant_id, code_id) DO NOTHING
    RETURNING code.code_id;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    UPDATE redemption.code_pool p
    SET codes = p.codes + v_added, last_number = v_before + cardinality(p_ids), changed_at = p_now,
        exhausted_at = CASE WHEN v_added > 0 THEN NULL ELSE p.exhausted_at END
    WHERE p.tenant_id = p_tenant AND p.pool_id = p_pool;
END $$;

-- Hands codes of a pool out, one for each issue and its member, in the order of the pool. What was handed out for an issue
-- before is given again. Codes that others have in hand are passed over. Where there are not enough, the last issues get none,
-- and the pool says so.
CREATE FUNCTION redemption.take_codes(
    p_tenant int, p_programme int, p_pool text, p_members uuid[], p_issues uuid[], p_now timestamptz
) RETURNS TABLE (issue uuid, code_id uuid, sealed bytea, expires_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_pool redemption.code_pool;
    v_new uuid[];
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT * INTO v_pool FROM redemption.code_pool p
    WHERE p.tenant_id = p_tenant AND p.programme_id = p_programme AND p.name = p_pool;
    IF NOT FOUND OR v_pool.paused THEN
        RETURN QUERY SELECT c.issue, c.code_id, c.sealed, c.expires_at FROM redemption.code c
        WHERE c.tenant_id = p_tenant AND c.issue = ANY (p_issues);
        RETURN;
    END IF;
    SELECT array_agg(w.issue ORDER BY w.place) INTO v_new
    FROM unnest(p_issues) WITH ORDINALITY AS w(issue, place)
    WHERE NOT EXISTS (SELECT FROM redemption.code c WHERE c.tenant_id = p_tenant AND c.issue = w.issue);
    IF v_new IS NOT NULL THEN
        WITH free AS (
            SELECT c.code_id, c.number FROM redemption.code c
            WHERE c.tenant_id = p_tenant AND c.pool_id = v_pool.pool_id AND c.state = 'created'
            ORDER BY c.number LIMIT cardinality(v_new) FOR UPDATE SKIP LOCKED
        ), paired AS (
            SELECT f.code_id, v_new[row_number() OVER (ORDER BY f.number)] AS issue FROM free f
        )
        UPDATE redemption.code c
        SET state = 'assigned', issue = p.issue, member_id = p_members[array_position(p_issues, p.issue)],
            assigned_at = p_now, expires_at = p_now + make_interval(days => (v_pool.rules ->> 'valid_days')::int)
        FROM paired p WHERE c.tenant_id = p_tenant AND c.code_id = p.code_id;
    END IF;
    RETURN QUERY SELECT c.issue, c.code_id, c.sealed, c.expires_at FROM redemption.code c
    WHERE c.tenant_id = p_tenant AND c.issue = ANY (p_issues);
    IF v_pool.exhausted_at IS NULL AND NOT EXISTS (
        SELECT FROM redemption.code c WHERE c.tenant_id = p_tenant AND c.pool_id = v_pool.pool_id AND c.state = 'created'
    ) THEN
        UPDATE redemption.code_pool p SET exhausted_at = p_now
        WHERE p.tenant_id = p_tenant AND p.pool_id = v_pool.pool_id AND p.exhausted_at IS NULL;
    END IF;
END $$;

-- Counts a miss, and forgets minutes of the same one that no longer matter.
CREATE FUNCTION redemption.count_miss(p_tenant int, p_who text[], p_minute timestamptz, p_forget timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    INSERT INTO redemption.code_miss AS m (tenant_id, who, minute, misses)
    SELECT p_tenant, w, p_minute, 1 FROM unnest(p_who) AS w ORDER BY w
    ON CONFLICT (tenant_id, who, minute) DO UPDATE SET misses = m.misses + 1;
    DELETE FROM redemption.code_miss m WHERE m.tenant_id = p_tenant AND m.who = ANY (p_who) AND m.minute < p_forget;
END $$;

GRANT SELECT, INSERT ON redemption.code_pool, redemption.code, redemption.code_use, redemption.code_miss
    TO pointstream_redemption;
GRANT UPDATE (rules, revision, paused, codes, last_number, exhausted_at, changed_at) ON redemption.code_pool
    TO pointstream_redemption;
GRANT UPDATE (state, uses, member_id, issue, expires_at, assigned_at, published_at, redeemed_at, voided_at) ON redemption.code
    TO pointstream_redemption;
GRANT UPDATE (returned_at) ON redemption.code_use TO pointstream_redemption;
GRANT UPDATE (misses), DELETE ON redemption.code_miss TO pointstream_redemption;

GRANT SELECT ON redemption.code_pool, redemption.code, redemption.code_use, redemption.code_miss
    TO pointstream_gateway, pointstream_operator;
-- The command line makes pools and fills them.
GRANT INSERT, UPDATE (rules, revision, paused, codes, last_number, exhausted_at, changed_at) ON redemption.code_pool
    TO pointstream_operator;
GRANT INSERT ON redemption.code TO pointstream_operator;
