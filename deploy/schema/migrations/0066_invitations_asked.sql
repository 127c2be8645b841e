-- Whom each member asked to have invited, and what earlier steps meant to bring along of all companies.

ALTER TABLE notifier.webhook_endpoint FORCE ROW LEVEL SECURITY;

-- The words of carts from before there were any: 0055_cart_words.sql did not see the carts of the companies.
ALTER TABLE redemption.cart NO FORCE ROW LEVEL SECURITY;
ALTER TABLE redemption.cart_word NO FORCE ROW LEVEL SECURITY;
INSERT INTO redemption.cart_word (tenant_id, cart_id, programme_id, receipt_key, member_id, uses, late_uses, word, said_at)
SELECT tenant_id, cart_id, programme_id, receipt_key, member_id, '{}', '{}', state, changed_at
FROM redemption.cart WHERE whole
ON CONFLICT DO NOTHING;
ALTER TABLE redemption.cart FORCE ROW LEVEL SECURITY;
ALTER TABLE redemption.cart_word FORCE ROW LEVEL SECURITY;

-- Whom a member asked to have invited, also where nobody was written to: what is counted tells nothing of the address.
CREATE TABLE gateway.invitation_asked (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    digest bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, digest)
);
ALTER TABLE gateway.invitation NO FORCE ROW LEVEL SECURITY;
INSERT INTO gateway.invitation_asked (tenant_id, programme_id, member_id, digest, asked_at)
SELECT tenant_id, programme_id, member_id, digest, invited_at FROM gateway.invitation;
ALTER TABLE gateway.invitation FORCE ROW LEVEL SECURITY;
SELECT platform.protect('gateway.invitation_asked', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT ON gateway.invitation_asked TO pointstream_gateway;
