-- name: balances
-- What each member has in every wallet that they ever had points in, by the dates of the lots: right whether or not what
-- time has done is written down yet. One statement, so that the number of the last movement and the points agree. The
-- members are few and the lots many: those of each member are found by the primary key, and all of it once, whatever the planner
-- knows of the tables (`OFFSET 0`, `MATERIALIZED`). Whose points something spares at boundaries (`kept`) is left to the pure function.
WITH asked AS (
    SELECT DISTINCT w.tenant_id, w.programme_id, w.member_id
    FROM unnest($1::int[], $2::int[], $3::uuid[]) AS w(tenant_id, programme_id, member_id)
), dated AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, l.wallet,
           CASE WHEN l.active_from <= $4 AND l.remaining > l.held THEN l.expires_at END AS expires_at,
           sum(l.remaining - l.held) FILTER (WHERE l.active_from <= $4 AND (l.expires_at IS NULL OR l.expires_at > $4))
               AS available,
           sum(l.remaining - l.held) FILTER (WHERE l.active_from > $4) AS pending,
           sum(l.held) AS held
    FROM asked a
    CROSS JOIN LATERAL (
        SELECT x.wallet, x.remaining, x.held, x.active_from, x.expires_at FROM ledger.lot_now x
        WHERE x.tenant_id = a.tenant_id AND x.programme_id = a.programme_id AND x.member_id = a.member_id
        OFFSET 0
    ) AS l
    GROUP BY 1, 2, 3, 4, 5
), points AS (
    SELECT tenant_id, programme_id, member_id, wallet, coalesce(sum(available), 0)::bigint AS available,
           coalesce(sum(pending), 0)::bigint AS pending, sum(held)::bigint AS held, 0::bigint AS debt,
           min(expires_at) FILTER (WHERE expires_at > $4) AS next_expiry_at,
           coalesce((array_agg(available ORDER BY expires_at) FILTER (WHERE expires_at > $4))[1], 0)::bigint
               AS next_expiry_points
    FROM dated
    GROUP BY 1, 2, 3, 4
), owed AS (
    SELECT a.tenant_id, a.programme_id, a.member_id, d.wallet, d.amount AS debt
    FROM asked a JOIN ledger.debt d USING (tenant_id, programme_id, member_id)
), wallets AS MATERIALIZED (
    SELECT tenant_id, programme_id, member_id, wallet, coalesce(p.available, 0) AS available,
           coalesce(p.pending, 0) AS pending, coalesce(p.held, 0) AS held, coalesce(o.debt, 0) AS debt,
           p.next_expiry_at, coalesce(p.next_expiry_points, 0) AS next_expiry_points
    FROM points p FULL JOIN owed o USING (tenant_id, programme_id, member_id, wallet)
)
SELECT t.slug AS tenant, p.slug AS programme, a.member_id, h.seq, w.wallet, w.available, w.pending, w.held,
       w.debt, w.next_expiry_at, w.next_expiry_points, a.tenant_id, a.programme_id, h.owing, h.keeps IS NOT NULL AS kept
FROM asked a
CROSS JOIN LATERAL (
    SELECT m.seq, m.owing, m.keeps FROM ledger.member m
    WHERE m.tenant_id = a.tenant_id AND m.programme_id = a.programme_id AND m.member_id = a.member_id
    OFFSET 0
) AS h
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
LEFT JOIN wallets w USING (tenant_id, programme_id, member_id)
ORDER BY a.tenant_id, a.programme_id, a.member_id, w.wallet;
