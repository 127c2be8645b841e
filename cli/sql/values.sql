-- Invariants of codes, gift cards and carts, in the form of those in verify.sql.

-- name: gift_cards_add_up
-- $1, $2, $3: kinds of entries, each with accounts that it may move money from and to. A card's entries are numbered without a
-- gap, none of them leaves less than nothing, the last one leaves the balance; refunds are within their payment; what left one
-- card by a transfer came to the other.
WITH running AS (
    SELECT tenant_id, card_id, seq, kind, source, target,
           sum(CASE WHEN target = 'card' THEN amount_minor ELSE -amount_minor END)
               OVER (PARTITION BY tenant_id, card_id ORDER BY seq) AS balance
    FROM redemption.gift_card_entry
), folded AS (
    SELECT tenant_id, card_id, count(*) AS entries, max(seq) AS seq, min(balance) AS least,
           (array_agg(balance ORDER BY seq DESC))[1] AS balance,
           bool_and((kind, source, target) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))) AS legal
    FROM running GROUP BY tenant_id, card_id
), flaw AS (
    SELECT tenant_id, card_id
    FROM redemption.gift_card c FULL JOIN folded f USING (tenant_id, card_id)
    WHERE (c.seq, c.balance_minor, f.entries) IS DISTINCT FROM (f.seq, f.balance, f.seq) OR f.least < 0 OR NOT f.legal
    UNION
    SELECT r.tenant_id, r.card_id
    FROM redemption.gift_card_entry r
    LEFT JOIN redemption.gift_card_entry u ON u.tenant_id = r.tenant_id AND u.card_id = r.card_id AND u.seq = r.of_seq
    WHERE r.kind = 'refund'
    GROUP BY r.tenant_id, r.card_id, r.of_seq, u.kind, u.amount_minor
    HAVING u.kind IS DISTINCT FROM 'use' OR sum(r.amount_minor) > u.amount_minor
    UNION
    SELECT tenant_id, coalesce(o.card_id, i.card_id)
    FROM (SELECT * FROM redemption.gift_card_entry WHERE kind = 'transfer_out') AS o
    FULL JOIN (SELECT * FROM redemption.gift_card_entry WHERE kind = 'transfer_in') AS i USING (tenant_id, cause)
    WHERE (o.amount_minor, o.card_id, o.other_card) IS DISTINCT FROM (i.amount_minor, i.other_card, i.card_id)
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, card_id) AS key FROM flaw ORDER BY key LIMIT 5;

-- name: codes_have_uses
-- A code counts as many uses as redemptions of it stand; a code that is redeemed has one.
WITH used AS (
    SELECT tenant_id, code_id, count(*) AS uses FROM redemption.code_use WHERE returned_at IS NULL GROUP BY tenant_id, code_id
), flaw AS (
    SELECT tenant_id, code_id
    FROM (SELECT tenant_id, code_id, uses, state FROM redemption.code WHERE uses > 0 OR state = 'redeemed') AS c
    FULL JOIN used u USING (tenant_id, code_id)
    WHERE c.uses IS DISTINCT FROM u.uses
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, code_id) AS key FROM flaw ORDER BY key LIMIT 5;

-- name: carts_keep_their_word
-- A cart that was had whole has a word, and what was done with it follows that. No more came back than was bought. Codes of a
-- cart that may be bought are used for it; those of one that was given up, or is all back, are not, and its points are free.
WITH flaw AS (
    SELECT tenant_id, cart_id
    FROM redemption.cart c FULL JOIN redemption.cart_word w USING (tenant_id, cart_id)
    WHERE c.cart_id IS NULL OR (c.whole AND w.cart_id IS NULL) OR c.returned_minor > c.total_minor
       OR w.receipt_key <> c.receipt_key OR (w.cart_id IS NOT NULL AND w.member_id IS DISTINCT FROM c.member_id)
       OR NOT CASE c.state WHEN 'held' THEN w.word <> 'returned'
                           WHEN 'bought' THEN w.word IN ('bought', 'spent')
                           WHEN 'returned' THEN w.word = 'returned'
                           WHEN 'released' THEN w.word IN ('released', 'expired')
                           ELSE w.word IN ('expired', 'bought', 'spent') END
    UNION
    SELECT w.tenant_id, w.cart_id
    FROM redemption.cart_word w JOIN redemption.cart c USING (tenant_id, cart_id)
    CROSS JOIN unnest(w.uses || w.late_uses) WITH ORDINALITY AS n(use_id, place)
    LEFT JOIN redemption.code_use u ON u.tenant_id = w.tenant_id AND u.use_id = n.use_id AND u.returned_at IS NULL
    WHERE (c.state IN ('released', 'expired', 'returned') AND w.word NOT IN ('bought', 'spent') AND u.use_id IS NOT NULL)
       OR (c.state = 'held' AND w.word IN ('held', 'bought') AND n.place <= cardinality(w.uses) AND u.use_id IS NULL)
    UNION
    SELECT c.tenant_id, c.cart_id
    FROM redemption.cart c JOIN redemption.cart_word w USING (tenant_id, cart_id)
    JOIN redemption.redemption r ON r.tenant_id = c.tenant_id AND r.redemption_id = (c.parts #>> '{points,redemption_id}')::uuid
    WHERE c.state IN ('released', 'expired') AND w.word NOT IN ('bought', 'spent') AND r.state IN ('held', 'redeemed')
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, cart_id) AS key FROM flaw ORDER BY key LIMIT 5;
