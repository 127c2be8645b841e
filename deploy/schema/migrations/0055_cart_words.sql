-- Whose carts are, and the word that is said of each: a cart is bought or given up once, whoever is first. And blocked members.

-- `member_id` is whose receipt alone may bring it, null where anybody's may. `uses` are the redemptions of its codes, `late_uses`
-- the names that these have when they are had anew, in the same order. `word` is said in a transaction of its own by redemption,
-- and with its decision by earning: a receipt buys what is `held`; it buys again what is `expired`, its codes too where nobody
-- else has used them, and else without them (`spent`). What was `released` or came back whole (`returned`) is bought by nobody.
CREATE TABLE redemption.cart_word (
    tenant_id int NOT NULL,
    cart_id uuid NOT NULL,
    programme_id int NOT NULL,
    receipt_key uuid NOT NULL,
    member_id uuid,
    uses uuid[] NOT NULL,
    late_uses uuid[] NOT NULL,
    word text NOT NULL DEFAULT 'held'
        CHECK (word IN ('held', 'bought', 'spent', 'released', 'expired', 'returned')),
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cart_id),
    CHECK (cardinality(uses) = cardinality(late_uses))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX cart_word_bought ON redemption.cart_word (tenant_id, receipt_key) WHERE word IN ('bought', 'spent');
SELECT platform.protect('redemption.cart_word', ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption']);

-- A cart of which all is back is `returned`; its receipt's number may have another one then.
ALTER TABLE redemption.cart DROP CONSTRAINT cart_state_check;
ALTER TABLE redemption.cart ADD CONSTRAINT cart_state_check
    CHECK (state IN ('held', 'bought', 'returned', 'released', 'expired'));

INSERT INTO redemption.cart_word (tenant_id, cart_id, programme_id, receipt_key, member_id, uses, late_uses, word, said_at)
SELECT tenant_id, cart_id, programme_id, receipt_key, member_id, '{}', '{}', state, changed_at
FROM redemption.cart WHERE whole;

-- Has the codes of a cart again whose time was over, all of them or none, and says whether.
CREATE FUNCTION redemption.use_codes_again(p_tenant int, p_uses uuid[], p_late uuid[], p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_free int;
BEGIN
    PERFORM FROM redemption.code c
    WHERE c.tenant_id = p_tenant AND c.code_id IN (
        SELECT u.code_id FROM redemption.code_use u WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses)
    ) ORDER BY c.code_id FOR NO KEY UPDATE;
    SELECT count(*) INTO v_free
    FROM redemption.code_use u
    JOIN redemption.code c ON c.tenant_id = u.tenant_id AND c.code_id = u.code_id
    JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND NOT p.paused AND c.state <> 'void'
      AND c.uses < coalesce(CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END, 2147483647)
      AND (u.member_id IS NULL OR NOT p.rules ? 'per_member' OR (p.rules ->> 'per_member')::int > (
          SELECT count(*) FROM redemption.code_use o
          WHERE o.tenant_id = p_tenant AND o.member_id = u.member_id AND o.pool_id = u.pool_id AND o.returned_at IS NULL
      ));
    IF v_free < cardinality(p_uses) THEN
        RETURN false;
    END IF;
    INSERT INTO redemption.code_use (tenant_id, use_id, code_id, pool_id, member_id, reference, store, currency, total_minor,
                                     discount_minor, used_at)
    SELECT p_tenant, n.late_id, u.code_id, u.pool_id, u.member_id, u.reference, u.store, u.currency, u.total_minor,
           u.discount_minor, p_now
    FROM unnest(p_uses, p_late) AS n(use_id, late_id)
    JOIN redemption.code_use u ON u.tenant_id = p_tenant AND u.use_id = n.use_id;
    UPDATE redemption.code c
    SET uses = c.uses + 1, redeemed_at = p_now,
        state = CASE WHEN c.uses + 1 >= CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END THEN 'redeemed'
                     WHEN c.state = 'created' THEN 'published' ELSE c.state END
    FROM redemption.code_use u, redemption.code_pool p
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND c.tenant_id = p_tenant AND c.code_id = u.code_id
      AND p.tenant_id = p_tenant AND p.pool_id = c.pool_id;
    RETURN true;
END $$;

-- Buys carts for receipts of theirs, in the order given, and says for each what became of it: `bought`; `spent`, without its
-- codes; or a word by which it counts for nothing: `released`, `returned`, `unknown`, `other` where another cart was bought for
-- the receipt, `foreign` where whose it is, is not whose receipt it is (`p_owners`, null where nobody is known). Asked again it
-- says the same. `whose` is whose it is now, after merges. The transaction holds these members, so what redemption does under
-- its locks on carts must wait for no word.
CREATE FUNCTION redemption.buy_carts(p_tenants int[], p_carts uuid[], p_owners uuid[], p_now timestamptz)
RETURNS TABLE (became text, whose uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
    kept redemption.cart_word;
BEGIN
    PERFORM FROM redemption.cart_word c
    JOIN (SELECT DISTINCT v.tenant_id, v.cart_id FROM unnest(p_tenants, p_carts) AS v(tenant_id, cart_id)) AS a
        USING (tenant_id, cart_id)
    ORDER BY c.tenant_id, c.cart_id FOR NO KEY UPDATE OF c;
    FOR one IN SELECT * FROM unnest(p_tenants, p_carts, p_owners) AS v(tenant_id, cart_id, owner_id) LOOP
        SELECT * INTO kept FROM redemption.cart_word c WHERE c.tenant_id = one.tenant_id AND c.cart_id = one.cart_id;
        became := coalesce(kept.word, 'unknown');
        whose := coalesce((
            SELECT g.leads_to FROM members.merge g
            WHERE g.tenant_id = kept.tenant_id AND g.programme_id = kept.programme_id AND g.member_id = kept.member_id
              AND g.undone_at IS NULL
        ), kept.member_id);
        IF whose <> one.owner_id THEN
            became := 'foreign';
        ELSIF became IN ('held', 'expired') THEN
            IF EXISTS (
                SELECT FROM redemption.cart_word c
                WHERE c.tenant_id = kept.tenant_id AND c.receipt_key = kept.receipt_key AND c.word IN ('bought', 'spent')
            ) THEN
                became := 'other';
            ELSE
                IF became = 'held' OR redemption.use_codes_again(kept.tenant_id, kept.uses, kept.late_uses, p_now) THEN
                    became := 'bought';
                ELSE
                    became := 'spent';
                END IF;
                UPDATE redemption.cart_word c SET word = became, said_at = p_now
                WHERE c.tenant_id = one.tenant_id AND c.cart_id = one.cart_id;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE, UPDATE (word, said_at) ON redemption.cart_word TO pointstream_redemption;
GRANT SELECT, UPDATE (word, said_at) ON redemption.cart_word TO pointstream_earning;
GRANT SELECT ON redemption.cart_word TO pointstream_operator;
-- Earning has the codes of carts again that come late.
GRANT USAGE ON SCHEMA redemption TO pointstream_earning;
CREATE POLICY pointstream_earning_works ON redemption.code TO pointstream_earning USING (true);
CREATE POLICY pointstream_earning_works ON redemption.code_use TO pointstream_earning USING (true);
CREATE POLICY pointstream_earning_works ON redemption.code_pool TO pointstream_earning USING (true);
GRANT SELECT ON redemption.code_pool TO pointstream_earning;
GRANT SELECT, UPDATE (state, uses, redeemed_at) ON redemption.code TO pointstream_earning;
GRANT SELECT, INSERT ON redemption.code_use TO pointstream_earning;

-- Members who are blocked: nothing of theirs earns or pays until somebody lifts it. A row each time, numbered by member.
CREATE TABLE members.block (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number int NOT NULL CHECK (number > 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    blocked_at timestamptz NOT NULL,
    blocked_by text NOT NULL CHECK (length(blocked_by) BETWEEN 1 AND 200),
    lifted_at timestamptz CHECK (lifted_at >= blocked_at),
    lifted_by text CHECK (length(lifted_by) BETWEEN 1 AND 200),
    note text CHECK (length(note) BETWEEN 1 AND 1000),
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX block_stands ON members.block (tenant_id, programme_id, member_id) WHERE lifted_at IS NULL;
SELECT platform.protect('members.block', ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption']);
GRANT SELECT ON members.block TO pointstream_earning, pointstream_redemption, pointstream_gateway, pointstream_operator;
GRANT INSERT, UPDATE (lifted_at, lifted_by, note) ON members.block TO pointstream_gateway, pointstream_operator;
-- The door stops pools of codes.
GRANT UPDATE (paused, revision, changed_at) ON redemption.code_pool TO pointstream_gateway;

-- Whom blocks stop is known where switches are, and as fast.
CREATE OR REPLACE FUNCTION earning.switches_digest() RETURNS text
LANGUAGE sql STABLE
RETURN md5(coalesce((SELECT string_agg(concat_ws(',', s.tenant_id, s.programme_id, s.turn), '|'
                                       ORDER BY s.tenant_id, s.programme_id, s.turn)
                     FROM platform.kill_switch s WHERE s.on_at IS NULL), '')
        || (SELECT concat(count(*), ' ', sum(hashtextextended(b.member_id::text, b.number)))
            FROM members.block b WHERE b.lifted_at IS NULL));
