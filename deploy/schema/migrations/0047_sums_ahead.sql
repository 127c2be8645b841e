-- What lapses when is added up ahead, so that a forecast reads sums and the members to whom something happened since, and not
-- ten million lots. The expiry service follows what happened, set by set, and no writer of points knows of it.

-- Up to which movement it is known what a member's points come to, and by which tier and exceptions; up to `until`, where time
-- alone changes it.
CREATE TABLE expiry.followed (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    upto bigint NOT NULL,
    tier text,
    keeps jsonb,
    until timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 80);

-- Beside where lots came from: what they come to.
ALTER TABLE expiry.origin
    ADD COLUMN wallets text[],
    ADD COLUMN lapses timestamptz[],
    ADD COLUMN months date[],
    ADD COLUMN free bigint[],
    ADD COLUMN held bigint[],
    ADD COLUMN spared bigint[],
    ADD COLUMN repays bigint[];
GRANT UPDATE ON expiry.origin TO pointstream_expiry;
REVOKE UPDATE (upto, lots, places, mixes) ON expiry.origin FROM pointstream_expiry;

-- What the rows of `expiry.origin` come to: by tier and month of earning, by place, and by mix.
CREATE TABLE expiry.foreseen (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    split text NOT NULL CHECK (split IN ('slice', 'place', 'mix')),
    lapses_at timestamptz NOT NULL, -- infinity: never
    wallet text NOT NULL,
    tier text NOT NULL, -- '' for none, and for the other splits
    month date NOT NULL, -- -infinity: long ago, and for the other splits
    number bigint NOT NULL, -- of the place or the mix
    lots bigint NOT NULL,
    points bigint NOT NULL,
    spared bigint NOT NULL,
    repays bigint NOT NULL,
    held bigint NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, split, lapses_at, wallet, tier, month, number)
) WITH (fillfactor = 50);

-- The last look at a programme; those that `expiry.forecast` keeps are hours apart.
CREATE TABLE expiry.latest_forecast (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    as_of timestamptz NOT NULL,
    outlook jsonb NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.followed', 'expiry.foreseen', 'expiry.latest_forecast']) AS name;
GRANT SELECT, INSERT, UPDATE ON expiry.followed TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (lots, points, spared, repays, held), DELETE ON expiry.foreseen TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (as_of, outlook) ON expiry.latest_forecast TO pointstream_expiry;
GRANT SELECT ON expiry.followed, expiry.foreseen, expiry.latest_forecast TO pointstream_gateway, pointstream_operator;

-- What lapsed of a member who was merged since comes back, and goes on to the survivor.
GRANT UPDATE (passed) ON members.merge TO pointstream_earning;

-- Whoever rebuilds lots from the movements lets it be added up anew.
GRANT DELETE ON expiry.origin, expiry.followed, expiry.foreseen TO pointstream_operator;
