-- Where the points of lots came from, kept beside the lots, so that a forecast need not read every decision. It may be deleted at
-- any time: what is missing is read from the decisions, and kept again.

-- Where points were earned, and which campaigns paid in which proportion; the numbers are hashes of what they stand for.
CREATE TABLE expiry.origin_place (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    place bigint NOT NULL,
    partner text,
    store text,
    PRIMARY KEY (tenant_id, programme_id, place)
);
CREATE TABLE expiry.origin_mix (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mix bigint NOT NULL,
    campaigns text[] NOT NULL,
    weights bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, mix)
);

-- The lots of a member with something left, as of movement `upto`, with the place and the mix of each.
CREATE TABLE expiry.origin (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    upto bigint NOT NULL,
    lots bigint[] NOT NULL,
    places bigint[] NOT NULL,
    mixes bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 80);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.origin', 'expiry.origin_place', 'expiry.origin_mix']) AS name;
GRANT SELECT, INSERT ON expiry.origin_place, expiry.origin_mix TO pointstream_expiry;
GRANT SELECT, INSERT, UPDATE (upto, lots, places, mixes) ON expiry.origin TO pointstream_expiry;
GRANT SELECT ON expiry.origin, expiry.origin_place, expiry.origin_mix TO pointstream_gateway, pointstream_operator;
