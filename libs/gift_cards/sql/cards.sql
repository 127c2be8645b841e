-- name: card
SELECT c.card_id, p.slug AS programme, c.currency, c.law, c.law_version, c.state, c.initial_minor, c.balance_minor, c.member_id,
       c.issued_at, c.expires_at
FROM redemption.gift_card c JOIN platform.programme p USING (tenant_id, programme_id)
WHERE c.tenant_id = $1 AND c.card_id = $2;

-- name: cards_of_member
SELECT c.card_id, p.slug AS programme, c.currency, c.law, c.law_version, c.state, c.initial_minor, c.balance_minor, c.member_id,
       c.issued_at, c.expires_at
FROM redemption.gift_card c JOIN platform.programme p USING (tenant_id, programme_id)
WHERE c.tenant_id = $1 AND c.member_id = $2 AND c.programme_id = $3 ORDER BY c.issued_at DESC, c.card_id LIMIT 200;

-- name: statement
-- What happened to a card's money, the last first, below a number, with what was on it then.
SELECT * FROM (
    SELECT e.seq, e.kind, e.source, e.target, e.amount_minor, e.at, e.reference, e.of_seq, e.other_card AS other_card_id,
           (sum(CASE WHEN e.target = 'card' THEN e.amount_minor ELSE -e.amount_minor END) OVER (ORDER BY e.seq))::bigint
               AS balance_minor
    FROM redemption.gift_card_entry e WHERE e.tenant_id = $1 AND e.card_id = $2
) AS s WHERE s.seq < $3 ORDER BY s.seq DESC LIMIT $4;

-- name: liability
-- What was on cards at an instant, and where money had come from and gone to by then, by programme, currency and law.
SELECT p.slug AS programme, c.currency, c.law, count(DISTINCT c.card_id) AS cards,
       coalesce(sum(CASE WHEN e.target = 'card' THEN e.amount_minor ELSE -e.amount_minor END), 0)::bigint AS outstanding_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.source = 'sold'), 0)::bigint AS sold_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.source = 'granted'), 0)::bigint AS granted_minor,
       coalesce(sum(CASE WHEN e.target = 'spent' THEN e.amount_minor ELSE -e.amount_minor END)
                FILTER (WHERE 'spent' IN (e.source, e.target)), 0)::bigint AS spent_minor,
       coalesce(sum(CASE WHEN e.target = 'transferred' THEN e.amount_minor ELSE -e.amount_minor END)
                FILTER (WHERE 'transferred' IN (e.source, e.target)), 0)::bigint AS transferred_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.target = 'cashed_out'), 0)::bigint AS cashed_out_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.target = 'expired'), 0)::bigint AS expired_minor
FROM redemption.gift_card c
JOIN redemption.gift_card_entry e ON e.tenant_id = c.tenant_id AND e.card_id = c.card_id AND e.at <= $2
JOIN platform.programme p ON p.tenant_id = c.tenant_id AND p.programme_id = c.programme_id
WHERE c.tenant_id = $1 AND ($3::text IS NULL OR p.slug = $3)
GROUP BY p.slug, c.currency, c.law ORDER BY p.slug, c.currency, c.law;
