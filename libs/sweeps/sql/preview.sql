-- What lapses at a boundary ($3) if nothing comes before: of tenant $1 and programme $2.

-- name: plain
-- Of members without an activation that is due by then, whom nothing spares: by tier and wallet, set by set. A member has one tier, so that
-- members may be added up over tiers.
SELECT m.tier, l.wallet, count(DISTINCT m.member_id) AS members, count(*) AS lots,
       sum(l.remaining - l.held)::bigint AS points
FROM ledger.member m
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.lapses_at <= $3
  AND (m.activates_at IS NULL OR m.activates_at > $3) AND m.keeps IS NULL
  AND l.remaining > l.held AND l.expires_at <= $3
GROUP BY m.tier, l.wallet
ORDER BY m.tier NULLS FIRST, l.wallet;

-- name: activating
-- Members behind $4 who have one: what they owe is repaid before anything lapses. And those whom something may spare.
SELECT m.member_id, m.seq, m.tier, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $4 AND m.lapses_at <= $3
  AND (m.activates_at <= $3 OR m.keeps IS NOT NULL)
ORDER BY m.member_id
LIMIT $5;

-- name: head
SELECT m.member_id, m.seq, m.keeps::text AS keeps
FROM ledger.member m WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = $3;

-- name: lots
SELECT l.member_id, l.seq, l.wallet, l.amount, l.remaining, l.held, l.earned_at, l.active_from, l.expires_at,
       l.recorded_at, l.policy_version, l.contributor, l.pending, l.opened_by::text AS opened_by
FROM ledger.lot_now l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = ANY ($3::uuid[]) AND l.remaining > 0
ORDER BY l.member_id, l.seq;

-- name: debts
SELECT d.member_id, d.wallet, d.amount, d.since, d.lent, d.share, d.due_at
FROM ledger.debt d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.member_id = ANY ($3::uuid[]) AND (d.amount > 0 OR d.lent > 0)
ORDER BY d.member_id, d.wallet;
