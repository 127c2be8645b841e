-- Gift cards: their money, and the entries by which it moved. Apart from points, which are no money.

-- A card as its entries make it. The id is a keyed digest of the number, which is sealed, as with codes. `law` and
-- `law_version` say under which rules it was sold.
CREATE TABLE redemption.gift_card (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    card_id uuid NOT NULL,
    sealed bytea NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    law text NOT NULL,
    law_version int NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'blocked')),
    initial_minor bigint NOT NULL CHECK (initial_minor > 0),
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
    seq bigint NOT NULL CHECK (seq > 0),
    member_id uuid,
    expires_at timestamptz,
    issued_at timestamptz NOT NULL,
    last_load_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, card_id)
) WITH (fillfactor = 80);
CREATE INDEX gift_card_to_expire ON redemption.gift_card (expires_at) WHERE balance_minor > 0 AND expires_at IS NOT NULL;
CREATE INDEX gift_card_of_member ON redemption.gift_card (tenant_id, member_id, issued_at) WHERE member_id IS NOT NULL;

-- A movement of money between a card and another account; rows are appended, and numbered without a gap by card. `cause` names
-- the request, so that it moves money once; a transfer has one entry on each of two cards.
CREATE TABLE redemption.gift_card_entry (
    tenant_id int NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    kind text NOT NULL CHECK (kind IN ('issue', 'top_up', 'use', 'refund', 'transfer_out', 'transfer_in', 'cash_out',
                                       'expire')),
    source text NOT NULL,
    target text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    at timestamptz NOT NULL,
    cause uuid NOT NULL,
    reference text CHECK (length(reference) BETWEEN 1 AND 64),
    of_seq bigint,
    other_card uuid,
    PRIMARY KEY (tenant_id, card_id, seq),
    CHECK ((source = 'card') <> (target = 'card')),
    CHECK ((kind = 'refund') = (of_seq IS NOT NULL)),
    CHECK ((kind IN ('transfer_out', 'transfer_in')) = (other_card IS NOT NULL))
);
CREATE UNIQUE INDEX gift_card_entry_of_cause ON redemption.gift_card_entry (tenant_id, cause, card_id);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_redemption'])
FROM unnest(ARRAY['redemption.gift_card', 'redemption.gift_card_entry']) AS name;

GRANT SELECT, INSERT ON redemption.gift_card, redemption.gift_card_entry TO pointstream_redemption;
GRANT UPDATE (state, balance_minor, seq, member_id, expires_at, last_load_at, changed_at) ON redemption.gift_card
    TO pointstream_redemption;
GRANT SELECT ON redemption.gift_card, redemption.gift_card_entry TO pointstream_gateway, pointstream_operator;
