-- What members think of what they had: one to five stars for an order; and what they show to friends by a link.

-- A member's word on an order, the last one. `sealed` are the words, under the member's own key: who is erased takes
-- them along, and the stars, which name nobody, still count.
CREATE TABLE redemption.rating (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    order_id uuid NOT NULL,
    reference text NOT NULL,
    kind text NOT NULL,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    sealed bytea,
    rated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, order_id)
);
CREATE INDEX rating_of_reward ON redemption.rating (tenant_id, programme_id, reference, stars);
CREATE INDEX rating_by_time ON redemption.rating (tenant_id, programme_id, rated_at, order_id);

-- Something that a member shows to friends, as it was then, in words by language: a reward, a badge, a place in a ranking.
-- `opened` counts the visits of people by the link.
CREATE TABLE gateway.share (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    share_id uuid NOT NULL,
    what text NOT NULL CHECK (what IN ('reward', 'badge', 'place')),
    reference text NOT NULL,
    texts jsonb NOT NULL,
    picture text,
    shared_at timestamptz NOT NULL,
    opened bigint NOT NULL DEFAULT 0 CHECK (opened >= 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, share_id)
);
CREATE INDEX share_by_id ON gateway.share (tenant_id, programme_id, share_id);

SELECT platform.protect('redemption.rating', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.share', ARRAY['pointstream_operator']);

-- gateway: keeps both for the tenant of each request.
GRANT SELECT, INSERT, UPDATE (stars, sealed, rated_at) ON redemption.rating TO pointstream_gateway;
GRANT SELECT, INSERT, UPDATE (opened) ON gateway.share TO pointstream_gateway;
GRANT SELECT ON redemption.rating, gateway.share TO pointstream_operator;
