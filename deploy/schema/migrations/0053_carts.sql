-- Carts: codes, points and gift cards that were set aside together for a receipt, and what became of it.

-- The parts are those of a request that was made under `cart_id` and can be made again: each part has a name that follows from
-- the cart's. `whole` says that all of them were had. `late` ones were taken anew when the receipt came, for their time was over.
-- Of what was bought for `total_minor`, so much was returned since; amounts are minor units of `currency`. `told` is the quote
-- that was answered.
CREATE TABLE redemption.cart (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    cart_id uuid NOT NULL,
    member_id uuid,
    receipt_key uuid NOT NULL,
    receipt_number text NOT NULL CHECK (length(receipt_number) BETWEEN 1 AND 64),
    store text,
    state text NOT NULL CHECK (state IN ('held', 'bought', 'released', 'expired')),
    whole boolean NOT NULL DEFAULT false,
    late boolean NOT NULL DEFAULT false,
    fingerprint bytea NOT NULL,
    held_until timestamptz NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    returned_minor bigint NOT NULL DEFAULT 0 CHECK (returned_minor >= 0),
    parts jsonb NOT NULL,
    told jsonb NOT NULL,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cart_id)
);
CREATE UNIQUE INDEX cart_of_receipt ON redemption.cart (tenant_id, receipt_key) WHERE state = 'held';
CREATE INDEX cart_bought ON redemption.cart (tenant_id, receipt_key) WHERE state = 'bought';
CREATE INDEX cart_over ON redemption.cart (held_until) WHERE state = 'held';
CREATE INDEX cart_let_go ON redemption.cart (changed_at) WHERE state IN ('released', 'expired');

SELECT platform.protect('redemption.cart'::regclass, ARRAY['pointstream_operator', 'pointstream_redemption']);

GRANT SELECT, INSERT, DELETE ON redemption.cart TO pointstream_redemption;
GRANT UPDATE (state, whole, late, total_minor, returned_minor, parts, changed_at) ON redemption.cart TO pointstream_redemption;
GRANT SELECT ON redemption.cart TO pointstream_gateway, pointstream_operator;
