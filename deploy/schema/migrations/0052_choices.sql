-- Choices: benefits that campaigns granted, of which a member chooses one.

-- A choice is open until `until`, unless it was taken back. What it became is the order `order_id`, once there is one.
CREATE TABLE redemption.choice (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    choice_id uuid NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    rewards text[] NOT NULL CHECK (cardinality(rewards) BETWEEN 2 AND 12),
    granted_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > granted_at),
    order_id uuid NOT NULL,
    campaign text NOT NULL,
    cause text NOT NULL,
    revoked_at timestamptz,
    revoked_by text, -- the event that took it back
    PRIMARY KEY (tenant_id, programme_id, member_id, choice_id)
);

SELECT platform.protect('redemption.choice'::regclass, ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON redemption.choice TO pointstream_redemption;
GRANT UPDATE (revoked_at, revoked_by) ON redemption.choice TO pointstream_redemption;
GRANT SELECT ON redemption.choice TO pointstream_gateway, pointstream_operator;
