-- Sweeps: boundaries as they come, what each is expected to take and took, and the chunks of members in which it runs.
-- A further writer of the ledger: it lets lots lapse of members whom nobody touched.

-- One row a programme and boundary, made when it is announced. `asked` is what a person wants and the service has not
-- done yet. `preview` says what it was announced with, `planned` what there was when it started, `lapsed` what the ledger
-- says in the end; all three by wallet. `cause` names it in the movements that it writes.
CREATE TABLE expiry.sweep (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    boundary timestamptz NOT NULL,
    sweep_id uuid NOT NULL,
    local_date date NOT NULL,
    zone text NOT NULL,
    tzdata text NOT NULL,
    wallets text[] NOT NULL,
    cause uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('announced', 'running', 'paused', 'finished', 'cancelled')),
    asked text CHECK (asked IN ('run', 'pause', 'resume', 'cancel')),
    asked_by text,
    preview jsonb NOT NULL,
    lapsed jsonb,
    members bigint NOT NULL DEFAULT 0, -- who were due when it started, and later
    announced_at timestamptz NOT NULL,
    started_at timestamptz,
    told_at timestamptz, -- when its progress was published last, by the machine's clock
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, boundary),
    UNIQUE (tenant_id, sweep_id),
    CHECK ((ended_at IS NULL) = (state NOT IN ('finished', 'cancelled')))
);

-- Members of a sweep behind `after`, up to `last`. The lease says who works on it, by the machine's clock; `epoch` counts
-- who took it over, so that one who was given up writes nothing any more. `done` has lots and points by wallet.
CREATE TABLE expiry.chunk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    boundary timestamptz NOT NULL,
    number int NOT NULL,
    after uuid NOT NULL,
    last uuid NOT NULL,
    epoch int NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    finished boolean NOT NULL DEFAULT false,
    members bigint NOT NULL DEFAULT 0,
    left_alone bigint NOT NULL DEFAULT 0, -- who were in somebody else's hands, or wait for an activation
    done jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, programme_id, boundary, number)
) WITH (fillfactor = 50);

-- The plain case of time's work, set by set: what is free of the lots of these members lapses, a movement for each instant
-- and wallet in the order of the calendar. It does what libs/ledger/catch_up.py does to a member without an activation
-- that is due; who has one is left to whoever decides that, and so is who is in somebody else's hands.
-- Answers with a row a movement. The caller has the chunk's row locked; heads are locked first, and lots read later.
CREATE FUNCTION expiry.lapse(
    p_tenant int, p_programme int, p_boundary timestamptz, p_now timestamptz, p_cause uuid, p_members uuid[]
) RETURNS TABLE (
    member_id uuid, seq bigint, spread int, wallet text, points bigint, effective_at timestamptz,
    lots bigint[], amounts bigint[]
)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_members uuid[];
    v_seqs bigint[];
    v_spreads int[];
BEGIN
    SELECT array_agg(h.member_id), array_agg(h.seq), array_agg(h.spread) INTO v_members, v_seqs, v_spreads
    FROM (
        SELECT m.member_id, m.seq, m.spread FROM ledger.member m
        WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = ANY (p_members)
          AND m.lapses_at <= p_boundary AND (m.activates_at IS NULL OR m.activates_at > p_boundary)
        ORDER BY m.member_id
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS h;

    RETURN QUERY
    WITH lapsed AS (
        UPDATE ledger.lot l SET remaining = l.held
        FROM unnest(v_members, v_seqs, v_spreads) AS h(member_id, seq, spread)
        WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = h.member_id
          AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) <= p_boundary
        RETURNING l.member_id, h.seq AS before, h.spread, l.seq AS lot, l.wallet, old.remaining - old.held AS free,
                  coalesce(l.now_expires_at, l.expires_at) AS at
    ), numbered AS (
        SELECT p.*, p.before + dense_rank() OVER (PARTITION BY p.member_id ORDER BY p.at, p.wallet COLLATE "C") AS seq
        FROM lapsed p
    ), grouped AS (
        SELECT n.member_id, n.seq, n.spread, n.wallet, n.at, sum(n.free)::bigint AS points,
               array_agg(n.lot ORDER BY n.lot) AS lots, array_agg(n.free ORDER BY n.lot) AS amounts
        FROM numbered n GROUP BY n.member_id, n.seq, n.spread, n.wallet, n.at
    ), heads AS (
        UPDATE ledger.member m
        SET seq = g.seq,
            lapses_at = (
                SELECT nullif(min(coalesce(l.now_expires_at, l.expires_at)), 'infinity') FROM ledger.lot l
                WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = m.member_id
                  AND l.remaining > l.held AND coalesce(l.now_expires_at, l.expires_at) > p_boundary
            )
        FROM (SELECT d.member_id, max(d.seq) AS seq FROM grouped d GROUP BY d.member_id) AS g
        WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = g.member_id
    ), moved AS (
        INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                     effective_at, recorded_at, cause)
        SELECT p_tenant, p_programme, g.member_id, g.seq, g.wallet, 'expire', 'active', 'expired', g.points, g.at, p_now,
               p_cause
        FROM grouped g
    ), allocated AS (
        INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
        SELECT p_tenant, p_programme, n.member_id, n.seq, n.lot, n.free FROM numbered n
    )
    SELECT g.member_id, g.seq, g.spread, g.wallet, g.points, g.at, g.lots, g.amounts FROM grouped g
    ORDER BY g.member_id, g.seq;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.sweep', 'expiry.chunk']) AS name;
CREATE POLICY pointstream_expiry_works ON ledger.member TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.lot TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.debt TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.movement TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_works ON ledger.allocation TO pointstream_expiry USING (true);

GRANT USAGE ON SCHEMA ledger, stream TO pointstream_expiry;
GRANT USAGE ON SCHEMA expiry TO pointstream_gateway;
GRANT SELECT, INSERT ON expiry.sweep, expiry.chunk TO pointstream_expiry;
GRANT UPDATE (state, asked, asked_by, lapsed, members, started_at, told_at, ended_at) ON expiry.sweep TO pointstream_expiry;
GRANT UPDATE (after, epoch, holder, lease_until, finished, members, left_alone, done) ON expiry.chunk TO pointstream_expiry;
GRANT SELECT ON ledger.member, ledger.lot, ledger.lot_now, ledger.debt, ledger.movement, ledger.allocation
    TO pointstream_expiry;
GRANT UPDATE (seq, lapses_at) ON ledger.member TO pointstream_expiry;
GRANT UPDATE (remaining) ON ledger.lot TO pointstream_expiry;
GRANT INSERT ON ledger.movement, ledger.allocation TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE ON stream.outbox_shard TO pointstream_expiry;
GRANT SELECT, INSERT ON stream.outbox TO pointstream_expiry;

-- The door and the command line look, and say what they want.
GRANT SELECT ON expiry.sweep, expiry.chunk TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (asked, asked_by) ON expiry.sweep TO pointstream_gateway, pointstream_operator;
