-- Letters to people of the company.

-- name: take
-- The letter that is due by $1 for longest, or whose worker was not heard of by $2 of the machine's clock; until $3.
UPDATE notifier.own_letter o SET state = 'sending', lease_until = $3, attempts = o.attempts + 1
WHERE (o.tenant_id, o.letter_id) = (
    SELECT k.tenant_id, k.letter_id FROM notifier.own_letter k
    WHERE (k.state = 'waiting' AND k.due_at <= $1) OR (k.state = 'sending' AND k.lease_until < $2)
    ORDER BY k.due_at
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING o.tenant_id, o.letter_id, o.channel, o.sealed, o.attempts;

-- name: settle
-- What became of one: words and address go once it is over.
UPDATE notifier.own_letter o
SET state = $3, lease_until = NULL, due_at = coalesce($4, o.due_at), reason = $5, detail = $6, ended_at = $7,
    sealed = CASE WHEN $7::timestamptz IS NULL THEN o.sealed END
WHERE o.tenant_id = $1 AND o.letter_id = $2 AND o.state = 'sending';
