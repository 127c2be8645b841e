-- A programme's figures, for people of the company.

-- name: due
-- One who is due by $1, with the programme's slug and name.
SELECT m.tenant_id, m.programme_id, m.result_mail_id, m.every, m.hour, m.language, m.sealed, m.next_at
FROM notifier.result_mail m
WHERE m.next_at <= $1
ORDER BY m.next_at
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: go_on
UPDATE notifier.result_mail m SET next_at = $3 WHERE m.tenant_id = $1 AND m.result_mail_id = $2;

-- name: wallets
-- What moved from $3 to before $4, by wallet, as it was written down: what came back of a redemption or a sweep is taken off.
SELECT j.wallet,
       coalesce(sum(j.amount) FILTER (WHERE j.from_account = 'issued'), 0)::bigint AS issued,
       (coalesce(sum(j.amount) FILTER (WHERE j.to_account = 'redeemed'), 0)
        - coalesce(sum(j.amount) FILTER (WHERE j.from_account = 'redeemed'), 0))::bigint AS redeemed,
       (coalesce(sum(j.amount) FILTER (WHERE j.to_account = 'expired'), 0)
        - coalesce(sum(j.amount) FILTER (WHERE j.from_account = 'expired'), 0))::bigint AS lapsed
FROM ledger.journal j
WHERE j.tenant_id = $1 AND j.programme_id = $2 AND j.recorded_at >= $3 AND j.recorded_at < $4
GROUP BY j.wallet;

-- name: outstanding
SELECT l.wallet, sum(l.remaining)::bigint AS points FROM ledger.lot l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.remaining > 0
GROUP BY l.wallet;

-- name: joined
SELECT count(*)::int FROM members.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.enrolled_at >= $3 AND m.enrolled_at < $4;

-- name: messages
-- Messages of occasions since $5 at the earliest.
SELECT count(*) FILTER (WHERE d.handed_at >= $3 AND d.handed_at < $4)::int AS sent,
       count(*) FILTER (WHERE d.opened_at >= $3 AND d.opened_at < $4)::int AS opened,
       count(*) FILTER (WHERE d.clicked_at >= $3 AND d.clicked_at < $4)::int AS clicked,
       count(*) FILTER (WHERE d.ended_at >= $3 AND d.ended_at < $4 AND d.state = 'suppressed')::int AS held_back
FROM notifier.delivery d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.occasion_on >= $5;
