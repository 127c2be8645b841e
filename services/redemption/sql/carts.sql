-- name: see
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: begin
-- Keep a new cart; nothing when its name is known, or when its receipt has another one that is held or was bought.
INSERT INTO redemption.cart (tenant_id, programme_id, cart_id, member_id, receipt_key, receipt_number, store, state, fingerprint,
                             held_until, currency, total_minor, parts, told, asked_at, changed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, 'held', $8, $9, $10, $11, $12::jsonb, $13::jsonb, $14, $14
WHERE NOT EXISTS (
    SELECT FROM redemption.cart c WHERE c.tenant_id = $1 AND c.receipt_key = $5 AND c.state = 'bought'
)
ON CONFLICT DO NOTHING;

-- name: cart
SELECT cart_id, programme_id, member_id, receipt_key, receipt_number, store, state, whole, late, fingerprint, held_until, currency,
       total_minor, returned_minor, parts::text AS parts, told::text AS told
FROM redemption.cart WHERE tenant_id = $1 AND cart_id = $2;

-- name: lock_cart
-- The same, locked; the columns are those after the lock.
SELECT cart_id, programme_id, member_id, receipt_key, receipt_number, store, state, whole, late, fingerprint, held_until, currency,
       total_minor, returned_minor, parts::text AS parts, told::text AS told
FROM redemption.cart WHERE tenant_id = $1 AND cart_id = $2 FOR NO KEY UPDATE;

-- name: change
UPDATE redemption.cart
SET state = $3, whole = $4, late = $5, total_minor = $6, returned_minor = $7, parts = $8::jsonb, changed_at = $9
WHERE tenant_id = $1 AND cart_id = $2;

-- name: over
-- Carts whose time is over, the longest first; not those that were bought, as is still to be heard.
SELECT c.tenant_id, c.cart_id
FROM redemption.cart c LEFT JOIN redemption.cart_word w USING (tenant_id, cart_id)
WHERE c.state = 'held' AND c.held_until <= $1 AND coalesce(w.word, '') NOT IN ('bought', 'spent')
ORDER BY c.held_until LIMIT $2;

-- name: offer
-- Let the receipt of a cart buy it: all of it is had.
INSERT INTO redemption.cart_word (tenant_id, cart_id, programme_id, receipt_key, member_id, uses, late_uses, said_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: say
-- Say a word of a cart in place of others; nothing where another was said before.
UPDATE redemption.cart_word SET word = $3, said_at = $5 WHERE tenant_id = $1 AND cart_id = $2 AND word = ANY ($4::text[]);

-- name: word
SELECT word FROM redemption.cart_word WHERE tenant_id = $1 AND cart_id = $2;

-- name: forget
-- Carts that came to nothing and need not be known any longer, so many at most; a late receipt of theirs finds no word then.
WITH old AS MATERIALIZED (
    SELECT c.tenant_id, c.cart_id FROM redemption.cart c LEFT JOIN redemption.cart_word w USING (tenant_id, cart_id)
    WHERE c.state IN ('released', 'expired') AND c.changed_at < $1 AND coalesce(w.word, '') NOT IN ('bought', 'spent')
    ORDER BY c.changed_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED
), silent AS (
    DELETE FROM redemption.cart_word w USING old
    WHERE w.tenant_id = old.tenant_id AND w.cart_id = old.cart_id AND w.word IN ('released', 'expired')
)
DELETE FROM redemption.cart c USING old WHERE c.tenant_id = old.tenant_id AND c.cart_id = old.cart_id;
