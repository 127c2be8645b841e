-- Reminders: the steps ahead of a boundary as they came due, and the chunks of members in which each is told.

-- One row a programme, wallet, boundary and step of the series, made when the step comes due: it runs, or is skipped because
-- a later one was due already or the boundary had passed; what these overtake while it runs is stopped. `since` is the
-- boundary of the wallet before this one, or when it started if that was later: what lapses before is no concern of it.
CREATE TABLE expiry.reminder (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    wallet text NOT NULL,
    boundary timestamptz NOT NULL,
    step text NOT NULL,
    days int NOT NULL,
    due_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    local_date date NOT NULL,
    zone text NOT NULL,
    programme_version int NOT NULL,
    min_points bigint NOT NULL,
    tiers text[] NOT NULL,
    segments text[] NOT NULL,
    worth_points bigint, -- so many points are worth so much, if anything
    worth_minor bigint,
    state text NOT NULL CHECK (state IN ('running', 'finished', 'skipped', 'stopped')),
    members bigint NOT NULL DEFAULT 0, -- who lose something when it starts, whether it is for them or not
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, wallet, boundary, step),
    CHECK ((ended_at IS NULL) = (state = 'running'))
);
CREATE INDEX reminder_due ON expiry.reminder (tenant_id, due_at);
CREATE INDEX reminder_running ON expiry.reminder (due_at) WHERE state = 'running';

-- Members of a step behind `after`, up to `last`, told of in one transaction. The lease is as in expiry.chunk. `told` has
-- members, lots and points by tier.
CREATE TABLE expiry.reminder_chunk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    wallet text NOT NULL,
    boundary timestamptz NOT NULL,
    step text NOT NULL,
    number int NOT NULL,
    after uuid NOT NULL,
    last uuid NOT NULL,
    epoch int NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz,
    finished boolean NOT NULL DEFAULT false,
    told jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (tenant_id, programme_id, wallet, boundary, step, number)
) WITH (fillfactor = 50);

-- Who loses what of a wallet at a boundary, of the members behind p_after up to p_last: what is free of their lots whose dates
-- lie behind p_since and no later than the boundary. Without those for whom an activation is due by then, for what they
-- owe is repaid before anything lapses, and those whom something may spare: these are computed member by member
-- (libs/sweeps/losing.py). Nobody else asks this of lots.
CREATE FUNCTION expiry.losing(
    p_tenant int, p_programme int, p_wallet text, p_since timestamptz, p_boundary timestamptz, p_after uuid, p_last uuid
) RETURNS TABLE (member_id uuid, spread int, tier text, lots bigint, points bigint)
LANGUAGE sql STABLE AS $$
    SELECT m.member_id, m.spread, m.tier, count(*), sum(l.remaining - l.held)::bigint
    FROM ledger.member m
    JOIN ledger.lot l USING (tenant_id, programme_id, member_id)
    WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id > p_after AND m.member_id <= p_last
      AND m.lapses_at <= p_boundary AND (m.activates_at IS NULL OR m.activates_at > p_boundary) AND m.keeps IS NULL
      AND l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id > p_after AND l.member_id <= p_last
      AND l.wallet = p_wallet AND l.remaining > l.held
      AND coalesce(l.now_expires_at, l.expires_at) > p_since AND coalesce(l.now_expires_at, l.expires_at) <= p_boundary
    GROUP BY m.member_id, m.spread, m.tier
$$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.reminder', 'expiry.reminder_chunk']) AS name;
CREATE POLICY pointstream_expiry_reminds ON members.segment_member TO pointstream_expiry USING (true);

GRANT USAGE ON SCHEMA members TO pointstream_expiry;
GRANT SELECT ON members.segment_member TO pointstream_expiry;
GRANT SELECT, INSERT ON expiry.reminder, expiry.reminder_chunk TO pointstream_expiry;
GRANT UPDATE (state, ended_at) ON expiry.reminder TO pointstream_expiry;
GRANT UPDATE (epoch, holder, lease_until, finished, told) ON expiry.reminder_chunk TO pointstream_expiry;
GRANT SELECT ON expiry.reminder, expiry.reminder_chunk TO pointstream_gateway, pointstream_operator;
