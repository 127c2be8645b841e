-- name: cards
-- Cards by id, in order, without a lock.
SELECT c.card_id, p.slug AS programme, t.slug AS tenant, c.programme_id, c.sealed, c.currency, c.law, c.law_version, c.state,
       c.initial_minor, c.balance_minor, c.seq, c.member_id, c.expires_at, c.issued_at, c.last_load_at
FROM redemption.gift_card c JOIN platform.programme p USING (tenant_id, programme_id) JOIN platform.tenant t USING (tenant_id)
WHERE c.tenant_id = $1 AND c.card_id = ANY ($2::uuid[])
ORDER BY c.card_id;

-- name: lock_cards
-- The same, locked in their order; the columns are those after the lock.
SELECT c.card_id, p.slug AS programme, t.slug AS tenant, c.programme_id, c.sealed, c.currency, c.law, c.law_version, c.state,
       c.initial_minor, c.balance_minor, c.seq, c.member_id, c.expires_at, c.issued_at, c.last_load_at
FROM redemption.gift_card c JOIN platform.programme p USING (tenant_id, programme_id) JOIN platform.tenant t USING (tenant_id)
WHERE c.tenant_id = $1 AND c.card_id = ANY ($2::uuid[])
ORDER BY c.card_id FOR NO KEY UPDATE OF c;

-- name: lock_due
-- Cards whose date has passed with something left on them; those in hand elsewhere wait for the next look.
SELECT c.tenant_id, c.card_id, p.slug AS programme, t.slug AS tenant, c.programme_id, c.sealed, c.currency, c.law, c.law_version,
       c.state, c.initial_minor, c.balance_minor, c.seq, c.member_id, c.expires_at, c.issued_at, c.last_load_at
FROM redemption.gift_card c JOIN platform.programme p USING (tenant_id, programme_id) JOIN platform.tenant t USING (tenant_id)
WHERE c.expires_at <= $1 AND c.balance_minor > 0 AND c.expires_at IS NOT NULL
ORDER BY c.expires_at LIMIT $2 FOR NO KEY UPDATE OF c SKIP LOCKED;

-- name: insert_card
INSERT INTO redemption.gift_card (tenant_id, programme_id, card_id, sealed, currency, law, law_version, initial_minor,
                                  balance_minor, seq, member_id, expires_at, issued_at, last_load_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13);

-- name: update_card
UPDATE redemption.gift_card
SET balance_minor = $3, seq = $4, expires_at = $5, last_load_at = $6, state = $7, changed_at = $8
WHERE tenant_id = $1 AND card_id = $2;

-- name: insert_entry
INSERT INTO redemption.gift_card_entry (tenant_id, card_id, seq, kind, source, target, amount_minor, at, cause, reference,
                                        of_seq, other_card)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: entry_of_cause
SELECT card_id, seq, kind, source, target, amount_minor, at, cause, reference, of_seq, other_card
FROM redemption.gift_card_entry WHERE tenant_id = $1 AND cause = $2 AND kind <> 'transfer_in';

-- name: entry
SELECT card_id, seq, kind, source, target, amount_minor, at, cause, reference, of_seq, other_card
FROM redemption.gift_card_entry WHERE tenant_id = $1 AND card_id = $2 AND seq = $3;

-- name: refunded
SELECT coalesce(sum(amount_minor), 0)::bigint FROM redemption.gift_card_entry
WHERE tenant_id = $1 AND card_id = $2 AND of_seq = $3;
