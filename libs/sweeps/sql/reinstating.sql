-- name: boundary_before
SELECT max(s.boundary) FROM expiry.sweep s WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary < $3;

-- name: away
-- What lapsed of these members ($3) behind $5, up to $6, by wallet: what is still away, whether it is written down yet or
-- not, and what has come back.
SELECT x.member_id, x.wallet, sum(x.away)::bigint AS away, sum(x.back)::bigint AS back
FROM (
    SELECT m.member_id, m.wallet, a.amount - coalesce(r.back, 0) AS away, coalesce(r.back, 0) AS back
    FROM unnest($3::uuid[]) AS v(member)
    JOIN ledger.movement m ON m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = v.member
    JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
    LEFT JOIN LATERAL (
        SELECT sum(b.amount) AS back
        FROM ledger.movement c JOIN ledger.allocation b USING (tenant_id, programme_id, member_id, seq)
        WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = m.member_id
          AND c.kind = 'restore' AND c.corrects = m.seq AND b.lot_seq = a.lot_seq
    ) AS r ON true
    WHERE m.kind = 'expire' AND m.effective_at > $5 AND m.effective_at <= $6
    UNION ALL
    SELECT l.member_id, l.wallet, l.remaining - l.held, 0
    FROM unnest($3::uuid[]) AS v(member)
    JOIN ledger.lot_now l ON l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = v.member
    WHERE l.remaining > l.held AND NOT l.pending AND l.expires_at > $5 AND l.expires_at <= $6
) AS x
WHERE $4::text IS NULL OR x.wallet = $4
GROUP BY x.member_id, x.wallet;

-- name: leading
-- Where the ids of those of these members ($3) lead to who were merged into others.
SELECT g.member_id, g.leads_to FROM members.merge g
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.member_id = ANY ($3::uuid[]) AND g.undone_at IS NULL;

-- name: known
SELECT r.digest FROM expiry.reinstatement r WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.reinstatement_id = $3;

-- name: ask
INSERT INTO expiry.reinstatement (tenant_id, programme_id, reinstatement_id, digest, lapsed_after, lapsed_until, expires_at,
                                  reason, note, members, points, state, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT DO NOTHING
RETURNING reinstatement_id;

-- name: slugs
SELECT t.slug, p.slug FROM platform.programme p JOIN platform.tenant t USING (tenant_id)
WHERE p.tenant_id = $1 AND p.programme_id = $2;

-- name: share
INSERT INTO expiry.reinstatement_share (tenant_id, programme_id, reinstatement_id, member_id, wallet, points, cause)
SELECT $1, $2, $3, v.member_id, v.wallet, v.points, v.cause
FROM unnest($4::uuid[], $5::text[], $6::bigint[], $7::uuid[]) AS v(member_id, wallet, points, cause);

-- name: decide
UPDATE expiry.reinstatement r SET state = $3, decided_by = $4, decided_at = $5
WHERE r.tenant_id = $1 AND r.reinstatement_id = $2 AND r.state = 'awaiting_approval' AND r.asked_by <> $4
RETURNING r.reinstatement_id;

-- name: asked_by
SELECT r.state, r.asked_by FROM expiry.reinstatement r WHERE r.tenant_id = $1 AND r.reinstatement_id = $2;

-- name: requests
-- The newest first; of one programme ($2) or all of the tenant's, in some states ($3), those behind a place ($4, $5).
SELECT r.reinstatement_id, p.slug AS programme, r.state, r.members, r.points, r.lapsed_after, r.lapsed_until, r.expires_at,
       r.reason, r.note, r.asked_by, r.asked_at, r.decided_by, r.decided_at
FROM expiry.reinstatement r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND ($2::int IS NULL OR r.programme_id = $2) AND ($3::text[] IS NULL OR r.state = ANY ($3))
  AND ($4::timestamptz IS NULL OR (r.asked_at, r.reinstatement_id) < ($4, $5::uuid))
ORDER BY r.asked_at DESC, r.reinstatement_id DESC
LIMIT $6;

-- name: request
-- One, with what came of its shares: an event that is decided and moved nothing was refused.
SELECT r.reinstatement_id, p.slug AS programme, r.state, r.members, r.points, r.lapsed_after, r.lapsed_until, r.expires_at,
       r.reason, r.note, r.asked_by, r.asked_at, r.decided_by, r.decided_at, c.returned_shares, c.returned_points,
       c.decided_shares - c.returned_shares AS refused_shares
FROM expiry.reinstatement r
JOIN platform.programme p USING (tenant_id, programme_id)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.returned) AS returned_shares,
           coalesce(sum(d.points) FILTER (WHERE d.returned), 0)::bigint AS returned_points,
           count(*) FILTER (WHERE d.decided) AS decided_shares
    FROM (
        SELECT s.points,
               EXISTS (SELECT FROM earning.inbox i WHERE i.tenant_id = s.tenant_id AND i.event_key = s.cause) AS decided,
               EXISTS (SELECT FROM ledger.movement m
                       WHERE m.tenant_id = s.tenant_id AND m.programme_id = s.programme_id AND m.member_id = s.member_id
                         AND m.kind = 'restore' AND m.cause = s.cause) AS returned
        FROM expiry.reinstatement_share s
        WHERE s.tenant_id = r.tenant_id AND s.programme_id = r.programme_id AND s.reinstatement_id = r.reinstatement_id
    ) AS d
) AS c
WHERE r.tenant_id = $1 AND r.reinstatement_id = $2;
