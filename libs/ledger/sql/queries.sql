-- name: conservation
-- All points ever issued, and where they are now. Lots are read from their rows and the other accounts from the
-- movements, so the difference would show a movement that did not do to its lots what it says. It covers every tenant
-- that the asking role may see.
WITH lots AS (
    SELECT tenant_id, programme_id, wallet,
           sum(remaining - held) FILTER (WHERE active_from <= $1) AS active,
           sum(remaining - held) FILTER (WHERE active_from > $1) AS pending,
           sum(remaining - held) FILTER (WHERE expires_at <= $1) AS lapsed,
           sum(held) AS held
    FROM ledger.lot_now
    GROUP BY tenant_id, programme_id, wallet
), pairs AS (
    SELECT tenant_id, programme_id, wallet, from_account, to_account, sum(amount) AS amount
    FROM ledger.journal
    GROUP BY tenant_id, programme_id, wallet, from_account, to_account
), flows AS (
    SELECT tenant_id, programme_id, wallet, from_account AS account, -amount AS amount FROM pairs
    UNION ALL
    SELECT tenant_id, programme_id, wallet, to_account, amount FROM pairs
), accounts AS (
    SELECT tenant_id, programme_id, wallet,
           -sum(amount) FILTER (WHERE account = 'issued') AS issued,
           sum(amount) FILTER (WHERE account = 'redeemed') AS redeemed,
           sum(amount) FILTER (WHERE account = 'expired') AS expired,
           sum(amount) FILTER (WHERE account = 'reversed') AS reversed,
           sum(amount) FILTER (WHERE account = 'transferred') AS transferred,
           sum(amount) FILTER (WHERE account = 'adjusted') AS adjusted,
           sum(amount) FILTER (WHERE account = 'written_off') AS written_off,
           -sum(amount) FILTER (WHERE account = 'debt') AS debt
    FROM flows
    GROUP BY tenant_id, programme_id, wallet
)
SELECT t.slug AS tenant, p.slug AS programme, coalesce(a.wallet, l.wallet) AS wallet, coalesce(a.issued, 0)::bigint AS issued,
       coalesce(l.active, 0)::bigint AS active, coalesce(l.pending, 0)::bigint AS pending,
       coalesce(l.held, 0)::bigint AS held, coalesce(l.lapsed, 0)::bigint AS lapsed,
       coalesce(a.redeemed, 0)::bigint AS redeemed, coalesce(a.expired, 0)::bigint AS expired,
       coalesce(a.reversed, 0)::bigint AS reversed, coalesce(a.transferred, 0)::bigint AS transferred,
       coalesce(a.adjusted, 0)::bigint AS adjusted, coalesce(a.written_off, 0)::bigint AS written_off,
       coalesce(a.debt, 0)::bigint AS debt,
       (coalesce(a.issued, 0)
        - coalesce(l.active, 0) - coalesce(l.pending, 0) - coalesce(l.held, 0)
        - coalesce(a.redeemed, 0) - coalesce(a.expired, 0) - coalesce(a.reversed, 0) - coalesce(a.transferred, 0)
        - coalesce(a.adjusted, 0) - coalesce(a.written_off, 0) + coalesce(a.debt, 0))::bigint AS difference
FROM accounts a
FULL JOIN lots l USING (tenant_id, programme_id, wallet)
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
ORDER BY 1, 2, 3;
