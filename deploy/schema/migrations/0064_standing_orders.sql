-- Standing orders: so many points of a member become a reward as soon as they are there.

-- One a member and reward. What it orders goes by a key of the member, the reward and how often it has ordered, so that it is
-- never forgotten, only switched off. `seen` is the number of the ledger's last movement when it was looked at; what `barred` it
-- is tried again at `again_at`.
CREATE TABLE redemption.standing_order (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    reference text NOT NULL,
    at_points bigint NOT NULL CHECK (at_points > 0),
    repeats boolean NOT NULL,
    is_on boolean NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    done int NOT NULL DEFAULT 0 CHECK (done >= 0),
    order_id uuid,
    done_at timestamptz,
    seen bigint NOT NULL DEFAULT -1,
    barred text,
    barred_at timestamptz,
    again_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, reference)
) WITH (fillfactor = 80);
CREATE INDEX standing_order_on ON redemption.standing_order (tenant_id, programme_id, member_id) WHERE is_on;

SELECT platform.protect('redemption.standing_order'::regclass, ARRAY['pointstream_operator', 'pointstream_redemption']);

GRANT SELECT, UPDATE (is_on, done, order_id, done_at, seen, barred, barred_at, again_at) ON redemption.standing_order
    TO pointstream_redemption;
GRANT SELECT, INSERT, UPDATE (at_points, repeats, is_on, asked_at, asked_by, seen, barred, barred_at, again_at)
    ON redemption.standing_order TO pointstream_gateway, pointstream_operator;
