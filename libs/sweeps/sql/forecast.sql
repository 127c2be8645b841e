-- What every free point comes to if nothing else happens, of tenant $1 and programme $2. Members who owe and have an
-- activation ahead are read one by one, for what becomes active repays first, and so are those whom something may spare. Of all
-- others each lot lapses at its date.

-- name: room
-- Up to the end of the transaction: room for the heads of millions of members, for what does not fit is written to files and read
-- again, which takes twice as long; and patience with a reader who adds up between two statements, since nothing is locked.
SELECT set_config('work_mem', '256MB', true), set_config('idle_in_transaction_session_timeout', '120s', true);

-- name: plain
-- By when it lapses, wallet, tier and month; the months begin at $4. One pass over the lots, which may be ten million.
SELECT s.lapses_at, s.wallet, s.tier, s.month,
       count(*) FILTER (WHERE s.remaining > s.held) AS lots,
       sum(s.remaining - s.held)::bigint AS points,
       coalesce(sum(s.remaining - s.held) FILTER (WHERE s.active_from > $3), 0)::bigint AS pending,
       sum(s.held)::bigint AS held
FROM (
    SELECT l.expires_at AS lapses_at, l.wallet, m.tier, width_bucket(l.earned_at, $4::timestamptz[]) AS month,
           l.remaining, l.held, l.active_from
    FROM ledger.member m
    JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND l.remaining > 0
      AND (NOT m.owing OR m.activates_at IS NULL) AND m.keeps IS NULL
    OFFSET bigint '0' -- hides how many instants there are: there are few groups, and workers add up side by side. A plain 0
                      -- would be no constant yet when the planner asks whether workers may take part.
) AS s
GROUP BY s.lapses_at, s.wallet, s.tier, s.month;

-- name: owing
-- Members behind $3 for whom that is not plain.
SELECT m.member_id, m.seq, m.tier, m.keeps::text AS keeps
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id > $3
  AND (m.owing AND m.activates_at IS NOT NULL OR m.keeps IS NOT NULL)
ORDER BY m.member_id
LIMIT $4;

-- name: earned
-- Every lot with something free of which it is not kept where it came from, with the page that says what earned it, page by page.
SELECT i.page, l.cause, l.expires_at AS lapses_at, l.wallet, l.remaining - l.held AS points
FROM ledger.member m
JOIN ledger.lot_now l USING (tenant_id, programme_id, member_id)
LEFT JOIN expiry.origin o USING (tenant_id, programme_id, member_id)
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND l.remaining > l.held
  AND (NOT m.owing OR m.activates_at IS NULL) AND m.keeps IS NULL AND array_position(o.lots, l.seq) IS NULL
ORDER BY i.page;

-- name: earned_of
-- What earned the lots of some members ($3).
SELECT l.member_id, l.seq, i.page, l.cause
FROM ledger.lot l
LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = ANY ($3::uuid[]);
