-- Exceptions from expiry: what spares members, and the waivers that come of it.

-- What spares the points of a member at boundaries: spans of time by what says so, known ahead. NULL for nearly all.
ALTER TABLE ledger.member ADD COLUMN keeps jsonb;

-- Why points did not lapse at their boundary: beside the movement that gave them a later date.
CREATE TABLE ledger.waiver (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    spared_by text NOT NULL CHECK (spared_by IN ('tier', 'segment', 'member')),
    spared_as text NOT NULL, -- the level, the segment, or the reason that a person gave
    programme_version int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, seq),
    FOREIGN KEY (tenant_id, programme_id, member_id, seq) REFERENCES ledger.movement
);

-- Members whom a person spares, and until when. What it says is on the member's head too.
CREATE TABLE members.exemption (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    given_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    PRIMARY KEY (tenant_id, programme_id, member_id, number)
);

-- How far the heads of a programme's members were brought to what its versions say: their digest, the last member, the end.
CREATE TABLE members.exemption_pass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    rules text NOT NULL,
    programme_version int NOT NULL,
    after_member uuid,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

-- What is spared at a boundary, by tier and reason: as it was announced with, and as the ledger says in the end.
ALTER TABLE expiry.sweep ADD COLUMN spared jsonb NOT NULL DEFAULT '[]';
ALTER TABLE expiry.sweep ADD COLUMN waived jsonb;

-- The plain case of time's work, set by set: what is free of the lots of these members lapses, a movement for each instant
-- and wallet in the order of the calendar. It does what libs/ledger/catch_up.py does to a member without an activation
-- that is due and whom nothing spares; others are left to whoever decides that, and so is who is in somebody else's hands.
-- Answers with a row a movement. The caller has the chunk's row locked; heads are locked first, and lots read later.
CREATE OR REPLACE FUNCTION expiry.lapse(
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
          AND m.keeps IS NULL
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

DROP FUNCTION gateway.quote_member;
-- What a quote reads: the member behind an identifier with what is left of the points, and what limits have used. Two
-- functions, so that a quote takes two round trips and no transaction around them: each says first whose rows may be seen.
-- The first identifier that anybody has decides; or the member is given. No row of theirs: member_id is NULL.
CREATE FUNCTION gateway.quote_member(
    p_tenant int, p_programme int, p_identifiers text[], p_member uuid,
    OUT member_id uuid, OUT tier text, OUT seq bigint,
    OUT lot_seqs bigint[], OUT lot_wallets text[], OUT lot_amounts bigint[], OUT lot_remaining bigint[],
    OUT lot_held bigint[], OUT lot_earned timestamptz[], OUT lot_active timestamptz[], OUT lot_expires timestamptz[],
    OUT lot_recorded timestamptz[], OUT lot_versions int[], OUT lot_contributors uuid[], OUT lot_pending boolean[],
    OUT lot_openings text[],
    OUT debt_wallets text[], OUT debt_amounts bigint[], OUT debt_since timestamptz[],
    OUT keeps text
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT h.member_id, h.tier, h.seq, h.keeps::text INTO member_id, tier, seq, keeps
    FROM ledger.member h
    WHERE h.tenant_id = p_tenant AND h.programme_id = p_programme AND h.member_id = coalesce(p_member, (
        SELECT i.member_id
        FROM unnest(p_identifiers) WITH ORDINALITY AS shown (identifier, place)
        JOIN members.identifier i
          ON i.tenant_id = p_tenant AND i.programme_id = p_programme AND i.identifier = shown.identifier
        WHERE i.member_id IS NOT NULL
        ORDER BY shown.place
        LIMIT 1
    ));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(l.seq ORDER BY l.seq), array_agg(l.wallet ORDER BY l.seq), array_agg(l.amount ORDER BY l.seq),
           array_agg(l.remaining ORDER BY l.seq), array_agg(l.held ORDER BY l.seq),
           array_agg(l.earned_at ORDER BY l.seq), array_agg(l.active_from ORDER BY l.seq),
           array_agg(l.expires_at ORDER BY l.seq), array_agg(l.recorded_at ORDER BY l.seq),
           array_agg(l.policy_version ORDER BY l.seq), array_agg(l.contributor ORDER BY l.seq),
           array_agg(l.pending ORDER BY l.seq), array_agg(l.opened_by::text ORDER BY l.seq)
    INTO lot_seqs, lot_wallets, lot_amounts, lot_remaining, lot_held, lot_earned, lot_active, lot_expires, lot_recorded,
         lot_versions, lot_contributors, lot_pending, lot_openings
    FROM ledger.lot_now l
    WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = quote_member.member_id
      AND l.remaining > 0;
    SELECT array_agg(d.wallet ORDER BY d.wallet), array_agg(d.amount ORDER BY d.wallet),
           array_agg(d.since ORDER BY d.wallet)
    INTO debt_wallets, debt_amounts, debt_since
    FROM ledger.debt d
    WHERE d.tenant_id = p_tenant AND d.programme_id = p_programme AND d.member_id = quote_member.member_id
      AND d.amount > 0;
END $$;

SELECT platform.protect('ledger.waiver'::regclass, ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_expiry']);
SELECT platform.protect('members.exemption'::regclass, ARRAY['pointstream_operator', 'pointstream_earning']);
SELECT platform.protect('members.exemption_pass'::regclass,
                        ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_expiry']);

GRANT INSERT ON ledger.waiver TO pointstream_earning, pointstream_redemption, pointstream_expiry;
GRANT SELECT ON ledger.waiver TO pointstream_earning, pointstream_expiry, pointstream_gateway, pointstream_operator;
GRANT UPDATE (keeps) ON ledger.member TO pointstream_earning, pointstream_gateway, pointstream_operator;
GRANT UPDATE (now_expires_at) ON ledger.lot TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (rules, programme_version, after_member, done) ON members.exemption_pass TO pointstream_earning;
GRANT USAGE ON SCHEMA members TO pointstream_expiry;
GRANT SELECT ON members.exemption_pass TO pointstream_expiry, pointstream_operator;
GRANT SELECT ON members.exemption TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON members.exemption TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (spared, waived) ON expiry.sweep TO pointstream_expiry;
