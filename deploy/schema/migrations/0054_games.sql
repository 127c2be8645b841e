-- Games paid in points: lotteries, prize wheels and auctions, and the badges that members collect.

-- A game: `document` says what can be won, by whom and when, `version` counts its changes, of which there are none once it is
-- open. `closes_at` is when it ends; late bids of an auction move it. `commitment` is the hash of its seed, told as it opens;
-- `seed` is null until it is over. `tickets` and `spins` count all that there ever were, `best` is the bid that leads.
CREATE TABLE redemption.game (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    kind text NOT NULL CHECK (kind IN ('lottery', 'wheel', 'auction')),
    version int NOT NULL DEFAULT 1,
    document jsonb NOT NULL,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'ended')),
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    commitment bytea,
    seed bytea,
    entries_digest bytea,
    tickets bigint NOT NULL DEFAULT 0 CHECK (tickets >= 0),
    spins bigint NOT NULL DEFAULT 0 CHECK (spins >= 0),
    best uuid,
    changed_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, game_id),
    UNIQUE (tenant_id, programme_id, name),
    CHECK (state = 'draft' OR kind = 'auction' OR commitment IS NOT NULL),
    CHECK (seed IS NULL OR state = 'ended')
) WITH (fillfactor = 70);
CREATE INDEX game_to_end ON redemption.game (closes_at) WHERE state = 'open';

-- The seed of a game, sealed: what is won follows from it, so nobody but redemption may read it.
CREATE TABLE redemption.game_seed (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (tenant_id, game_id)
);

-- Tickets of a member, `count` of them with numbers from `first` on; the last `voided` were taken back, `used` were spun.
-- They were bought by `redemption_id` for `points`, or granted by `campaign`.
CREATE TABLE redemption.game_ticket (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    member_id uuid NOT NULL,
    first bigint NOT NULL CHECK (first >= 1),
    count int NOT NULL CHECK (count >= 1),
    voided int NOT NULL DEFAULT 0 CHECK (voided >= 0),
    used int NOT NULL DEFAULT 0 CHECK (used >= 0),
    points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    redemption_id uuid,
    campaign text,
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, ticket_id),
    UNIQUE (tenant_id, game_id, first),
    CHECK (voided + used <= count),
    CHECK ((redemption_id IS NULL) = (points = 0))
);
CREATE INDEX game_ticket_of_member ON redemption.game_ticket (tenant_id, member_id, game_id, first);

-- A turn of a wheel: `number` counts them without a gap, `word` is what the member added to chance, `sector` where it stopped.
CREATE TABLE redemption.game_spin (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    number bigint NOT NULL,
    spin_id uuid NOT NULL,
    member_id uuid NOT NULL,
    word text NOT NULL CHECK (length(word) <= 64),
    sector text NOT NULL,
    points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    redemption_id uuid,
    ticket_id uuid,
    on_day date NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, number),
    UNIQUE (tenant_id, game_id, spin_id),
    CHECK ((redemption_id IS NULL) = (points = 0))
);
CREATE INDEX game_spin_of_member ON redemption.game_spin (tenant_id, member_id, game_id, on_day);

-- What is left of a sector that does not go on for ever.
CREATE TABLE redemption.game_stock (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    prize text NOT NULL,
    pieces int NOT NULL CHECK (pieces >= 1),
    free int NOT NULL,
    PRIMARY KEY (tenant_id, game_id, prize),
    CHECK (free BETWEEN 0 AND pieces)
) WITH (fillfactor = 70);

-- What was won: `number` is that of the ticket or the spin, 1 for an auction, which `redemption_id` paid; `prize` is null for
-- a substitute.
CREATE TABLE redemption.game_win (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    place bigint NOT NULL,
    number bigint NOT NULL,
    member_id uuid NOT NULL,
    prize text,
    redemption_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, place)
);
CREATE INDEX game_win_of_member ON redemption.game_win (tenant_id, member_id, at);

-- A bid; its points are held by the redemption of the same id while it is the best.
CREATE TABLE redemption.game_bid (
    tenant_id int NOT NULL,
    game_id uuid NOT NULL,
    bid_id uuid NOT NULL,
    member_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points >= 1),
    state text NOT NULL CHECK (state IN ('best', 'outbid', 'won', 'lost')),
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, game_id, bid_id)
);
CREATE INDEX game_bid_by_points ON redemption.game_bid (tenant_id, game_id, points);
CREATE INDEX game_bid_of_member ON redemption.game_bid (tenant_id, member_id, at);

-- A badge as it is shown.
CREATE TABLE redemption.badge (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    document jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name)
);

-- A badge that a member was given, `times` times, by `source`: a campaign, or a game. `taken_back` of them are gone again.
CREATE TABLE redemption.badge_award (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    award_id uuid NOT NULL,
    badge text NOT NULL,
    times int NOT NULL CHECK (times >= 1),
    taken_back int NOT NULL DEFAULT 0,
    source text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, award_id),
    CHECK (taken_back BETWEEN 0 AND times)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.game', 'redemption.game_ticket', 'redemption.game_spin', 'redemption.game_stock',
                  'redemption.game_win', 'redemption.game_bid', 'redemption.badge', 'redemption.badge_award']) AS name;
SELECT platform.protect('redemption.game_seed', ARRAY['pointstream_redemption']);

-- Locks members in the order that all writers keep, and says how their ledgers stand.
CREATE FUNCTION redemption.lock_members(p_tenant int, p_programme int, p_members uuid[])
RETURNS TABLE (programme_id int, member_id uuid, seq bigint, spread int, owing boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    RETURN QUERY
    SELECT m.programme_id, m.member_id, m.seq, m.spread, m.owing
    FROM ledger.member m
    WHERE m.tenant_id = p_tenant AND m.programme_id = p_programme AND m.member_id = ANY (p_members)
    ORDER BY m.tenant_id, m.programme_id, m.member_id
    FOR NO KEY UPDATE;
END $$;

GRANT SELECT, INSERT ON redemption.game, redemption.game_seed, redemption.game_ticket, redemption.game_spin,
    redemption.game_stock, redemption.game_win, redemption.game_bid, redemption.badge, redemption.badge_award
    TO pointstream_redemption;
GRANT UPDATE (version, document, kind, state, opens_at, closes_at, commitment, seed, entries_digest, tickets, spins, best,
              changed_at, ended_at) ON redemption.game TO pointstream_redemption;
GRANT UPDATE (voided, used) ON redemption.game_ticket TO pointstream_redemption;
GRANT UPDATE (free) ON redemption.game_stock TO pointstream_redemption;
GRANT UPDATE (state) ON redemption.game_bid TO pointstream_redemption;
GRANT UPDATE (document, changed_at) ON redemption.badge TO pointstream_redemption;
GRANT UPDATE (taken_back) ON redemption.badge_award TO pointstream_redemption;

GRANT SELECT ON redemption.game, redemption.game_ticket, redemption.game_spin, redemption.game_stock, redemption.game_win,
    redemption.game_bid, redemption.badge, redemption.badge_award TO pointstream_gateway, pointstream_operator;
