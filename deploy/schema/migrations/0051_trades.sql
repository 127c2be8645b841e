-- Trades: points that are bought, exchanged with other programmes or donated.

-- What a redemption is for that is a trade: so many points for so much else, by a rate of a version of the programme. `other` is
-- money in minor units of `currency`, or units of the other programme; `party` that programme or a charity, `opens` the lot that
-- came. A trade is never changed.
CREATE TABLE redemption.trade (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('buy', 'exchange_in', 'exchange_out', 'donate')),
    wallet text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    other bigint NOT NULL CHECK (other > 0),
    rate_points bigint NOT NULL CHECK (rate_points > 0),
    rate_other bigint NOT NULL CHECK (rate_other > 0),
    programme_version int NOT NULL CHECK (programme_version > 0),
    currency text,
    party text,
    pool text,
    payment text,
    opens bigint,
    traded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id),
    CHECK ((opens IS NOT NULL) = (kind IN ('buy', 'exchange_in'))),
    CHECK ((currency IS NOT NULL) = (kind IN ('buy', 'donate')))
);
CREATE INDEX trade_of_pool ON redemption.trade (tenant_id, programme_id, party, pool) INCLUDE (points, other)
    WHERE kind = 'donate';

-- How much a member has traded in a period, as the programme's limits count it.
CREATE TABLE redemption.trade_use (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    counter text NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, counter)
) WITH (fillfactor = 80);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator'])
FROM unnest(ARRAY['redemption.trade', 'redemption.trade_use']) AS name;

GRANT SELECT, INSERT ON redemption.trade, redemption.trade_use TO pointstream_redemption;
GRANT UPDATE (used) ON redemption.trade_use TO pointstream_redemption;
GRANT SELECT ON redemption.trade TO pointstream_gateway, pointstream_operator;
