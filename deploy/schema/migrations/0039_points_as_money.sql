-- Points as money: what a redemption pays of a bill.

-- The bill that a redemption pays a part of, by a rate of so many points for so much; amounts in the currency's minor unit.
-- `tax` is what points are for the tax on the bill. Of the bill, so much came back since.
CREATE TABLE redemption.bill (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    paid_minor bigint NOT NULL CHECK (paid_minor BETWEEN 0 AND amount_minor),
    rate_points bigint NOT NULL CHECK (rate_points > 0),
    rate_minor bigint NOT NULL CHECK (rate_minor > 0),
    tax text NOT NULL CHECK (tax IN ('payment', 'discount')),
    returned_minor bigint NOT NULL DEFAULT 0 CHECK (returned_minor BETWEEN 0 AND amount_minor),
    PRIMARY KEY (tenant_id, programme_id, member_id, redemption_id)
);
SELECT platform.protect('redemption.bill', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON redemption.bill TO pointstream_redemption;
GRANT UPDATE (paid_minor, returned_minor) ON redemption.bill TO pointstream_redemption;
GRANT SELECT ON redemption.bill TO pointstream_gateway, pointstream_operator;
