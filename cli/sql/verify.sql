-- Invariants that hold between the owners of tables. Each query answers with at most five rows of what is wrong: how many
-- there are in all, and the key of one. No row means that the invariant holds.
--
-- An inbox entry whose page ends in $1 (modulo 4096) is of an event that has no decision: an enrolment.

-- name: settings
-- For the transaction: whole tables are hashed, and compiling a query that runs once does not pay.
SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true);

-- name: one_credit_per_event
-- Every lot was earned by an accepted event, came by a trade, or came back by a redemption of somebody who was merged; and an
-- event earns at most one lot of the same dates a wallet, for one member only; of lots that come from another it may bring many.
WITH repeated AS (
    SELECT tenant_id, cause FROM ledger.lot WHERE opened_by <> 'transfer' GROUP BY tenant_id, cause HAVING count(*) > 1
), flaw AS (
    SELECT l.tenant_id, l.cause
    FROM ledger.lot l JOIN repeated USING (tenant_id, cause)
    GROUP BY l.tenant_id, l.cause
    HAVING count(*) <> count(DISTINCT (l.wallet, l.active_from, l.expires_at)) OR count(DISTINCT (l.programme_id, l.member_id)) <> 1
    UNION
    SELECT l.tenant_id, l.cause
    FROM ledger.lot l LEFT JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause
    LEFT JOIN redemption.trade t ON t.tenant_id = l.tenant_id AND t.programme_id = l.programme_id
                                AND t.member_id = l.member_id AND t.redemption_id = l.cause
    LEFT JOIN redemption.redemption r ON l.opened_by = 'transfer' AND r.tenant_id = l.tenant_id
                                     AND r.programme_id = l.programme_id AND r.redemption_id = l.cause
    WHERE (i.event_key IS NULL AND t.redemption_id IS NULL AND r.redemption_id IS NULL) OR i.page % 4096 = $1
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, cause) AS key FROM flaw ORDER BY key LIMIT 5;

-- name: accepted_once
-- Every accepted event is in exactly one place: credited, known to have moved nothing, or unclaimed; or it was said about a
-- receipt, or moved points in another way. And it has a page with its decision, as far back as pages are kept.
WITH open AS (
    SELECT tenant_id, event_key FROM earning.unpaid_receipt
    UNION ALL
    SELECT tenant_id, event_key FROM earning.unclaimed_receipt
), placed AS (
    SELECT tenant_id, event_key, max(credits) + sum(others) AS places
    FROM (SELECT tenant_id, cause AS event_key, 1 AS credits, 0 AS others FROM ledger.lot
          UNION ALL
          SELECT tenant_id, event_key, 0, 1 FROM open) AS place
    GROUP BY tenant_id, event_key
), told AS (
    SELECT tenant_id, event_key FROM earning.receipt_event
    UNION
    SELECT tenant_id, event_key FROM earning.receipt WHERE story IS NOT NULL
    UNION
    SELECT tenant_id, cause FROM ledger.movement
    UNION
    SELECT tenant_id, cause FROM members.merge
    UNION
    SELECT tenant_id, undone_by FROM members.merge WHERE undone_at IS NOT NULL
), page AS (
    SELECT tenant_id, page FROM earning.decision_page
), flaw AS (
    SELECT i.tenant_id, i.event_key
    FROM earning.inbox i
    LEFT JOIN placed p USING (tenant_id, event_key)
    LEFT JOIN told t USING (tenant_id, event_key)
    LEFT JOIN page d ON d.tenant_id = i.tenant_id AND d.page = i.page
    WHERE i.page % 4096 <> $1
      AND ((t.event_key IS NULL AND coalesce(p.places, 0) <> 1)
           OR (d.page IS NULL AND i.page >= (SELECT min(page) FROM page)))
    UNION ALL
    SELECT o.tenant_id, o.event_key
    FROM open o LEFT JOIN earning.inbox i USING (tenant_id, event_key)
    WHERE i.event_key IS NULL OR i.page % 4096 = $1
)
SELECT count(*) OVER () AS violations, concat_ws('/', tenant_id, event_key) AS key FROM flaw ORDER BY key LIMIT 5;

-- name: effects_have_events
-- The shards of earning have numbered one event a decision, one a movement that an event brought about, and one a dead letter.
-- What campaigns grant beside points, and what earning asks of itself, has no row but in the outbox, so it is taken off there;
-- and so are events about members, of which there are no fewer than changes of tiers and referrals, and merges: tier points
-- are told there too.
WITH told AS (
    SELECT coalesce(sum(s.next_seq - 1), 0)
         - (SELECT coalesce(sum(o.count), 0) FROM stream.outbox o
            WHERE starts_with(o.shard, 'earning.') AND o.topic IN ('loyalty.rewards', 'loyalty.activities', 'loyalty.members'))
           AS events
    FROM stream.outbox_shard s WHERE starts_with(s.shard, 'earning.')
), done AS (
    SELECT (SELECT count(*) FROM earning.inbox WHERE page % 4096 <> $1)
         + (SELECT count(*) FROM ledger.lot l JOIN earning.inbox i ON i.tenant_id = l.tenant_id AND i.event_key = l.cause)
         + (SELECT count(*) FROM ledger.movement m JOIN earning.inbox i
            ON i.tenant_id = m.tenant_id AND i.event_key = m.cause)
         + (SELECT count(*) FROM stream.dead_letter WHERE starts_with(consumer, 'earning.')) AS effects
), of_members AS (
    SELECT (SELECT coalesce(sum(count), 0) FROM stream.outbox
            WHERE starts_with(shard, 'earning.') AND topic = 'loyalty.members') AS events,
           (SELECT count(*) FROM members.tier_change t JOIN earning.inbox i
            ON i.tenant_id = t.tenant_id AND i.event_key = t.cause)
         + (SELECT count(*) + count(undone_at) FROM members.merge)
         + (SELECT count(*) FROM earning.referral_change r JOIN earning.inbox i
            ON i.tenant_id = r.tenant_id AND i.event_key = r.cause) AS effects
), flaw AS (
    SELECT abs(told.events - done.effects) AS wrong,
           'earning: ' || told.events || ' events, ' || done.effects || ' effects' AS key
    FROM told, done WHERE told.events <> done.effects
    UNION ALL
    SELECT effects - events, 'earning, of members: ' || events || ' events, ' || effects || ' effects'
    FROM of_members WHERE events < effects
)
SELECT sum(wrong) OVER ()::bigint AS violations, key FROM flaw;

-- name: redemptions_have_points
-- What a redemption says to be held, or to be spent and not given back, is what its movements say. And redemption's shards
-- have numbered one event a movement that it brought about, one a trade, one a request that was refused or moved a hold's
-- end, and one a dead letter (of a loan its movements tell); what they say on loyalty.rewards and of households, and ask of earning,
-- is taken off. An order costs and gives back what its redemption does, a trade brings its lot or costs what its redemption does, a
-- loan lends what is to be repaid, and what stock says to be reserved is
-- held by orders.
-- What came back to somebody who was merged went on: a lot of whom they lead to, told too.
WITH went_on AS (
    SELECT l.tenant_id, l.programme_id, l.member_id, r.redemption_id
    FROM ledger.lot l
    JOIN redemption.redemption r ON r.tenant_id = l.tenant_id AND r.programme_id = l.programme_id AND r.redemption_id = l.cause
    WHERE l.opened_by = 'transfer'
), whose AS (
    SELECT tenant_id, programme_id, member_id, redemption_id FROM redemption.redemption
    UNION
    SELECT tenant_id, programme_id, member_id, redemption_id FROM redemption.household_part
    UNION
    SELECT tenant_id, programme_id, member_id, redemption_id FROM went_on
), moved AS (
    SELECT w.tenant_id, w.programme_id, w.redemption_id, count(*) AS movements,
           sum(m.amount * ((m.to_account = 'held')::int - (m.from_account = 'held')::int)) AS held,
           sum(m.amount * ((m.to_account = 'redeemed')::int - (m.from_account = 'redeemed')::int))
               FILTER (WHERE m.kind <> 'lend') AS spent,
           sum(m.amount) FILTER (WHERE m.kind = 'lend') AS lent
    FROM whose w
    JOIN ledger.movement m ON m.tenant_id = w.tenant_id AND m.programme_id = w.programme_id AND m.member_id = w.member_id
                          AND m.cause = w.redemption_id
    GROUP BY w.tenant_id, w.programme_id, w.redemption_id
), flaw AS (
    SELECT concat_ws('/', r.tenant_id, r.redemption_id) AS key
    FROM redemption.redemption r LEFT JOIN moved m USING (tenant_id, programme_id, redemption_id)
    WHERE coalesce(m.held, 0) <> CASE WHEN r.state = 'held' THEN r.points ELSE 0 END
       OR coalesce(m.spent, 0) <> CASE WHEN r.state IN ('redeemed', 'cancelled') THEN r.points - r.restored ELSE 0 END
    UNION ALL
    SELECT 'redemption: ' || told.events || ' events, ' || done.effects || ' effects'
    FROM (SELECT coalesce(sum(s.next_seq - 1), 0)
               - (SELECT coalesce(sum(o.count), 0) FROM stream.outbox o
                  WHERE starts_with(o.shard, 'redemption/')
                    AND o.topic IN ('loyalty.rewards', 'loyalty.activities', 'loyalty.members')) AS events
          FROM stream.outbox_shard s
          WHERE starts_with(s.shard, 'redemption/') OR starts_with(s.shard, 'redemption.')) AS told,
         (SELECT (SELECT coalesce(sum(movements), 0) FROM moved) + (SELECT count(*) FROM went_on)
               + (SELECT count(*) FILTER (WHERE kind <> 'lend') + count(opens) FROM redemption.trade)
               + (SELECT count(*) FROM redemption.inbox WHERE outcome IN ('extended', 'refused'))
               + (SELECT count(*) FROM stream.dead_letter WHERE starts_with(consumer, 'redemption.')) AS effects) AS done
    WHERE told.events <> done.effects
    UNION ALL
    SELECT concat_ws('/', 'order', o.tenant_id, o.order_id)
    FROM redemption.reward_order o
    LEFT JOIN redemption.redemption r ON r.tenant_id = o.tenant_id AND r.programme_id = o.programme_id
                                     AND r.member_id = o.member_id AND r.redemption_id = o.order_id
    WHERE (o.points, o.points_back) IS DISTINCT FROM (r.points, r.restored)
    UNION ALL
    SELECT concat_ws('/', 'trade', t.tenant_id, t.redemption_id)
    FROM redemption.trade t
    LEFT JOIN redemption.redemption r USING (tenant_id, programme_id, member_id, redemption_id)
    LEFT JOIN moved m USING (tenant_id, programme_id, redemption_id)
    LEFT JOIN ledger.lot l ON l.tenant_id = t.tenant_id AND l.programme_id = t.programme_id AND l.member_id = t.member_id
                          AND l.seq = t.opens AND l.cause = t.redemption_id AND l.wallet = t.wallet
    WHERE t.points IS DISTINCT FROM CASE WHEN t.opens IS NULL THEN r.points ELSE l.amount END
       OR m.lent IS DISTINCT FROM CASE WHEN t.kind = 'lend' THEN t.other END
    UNION ALL
    SELECT concat_ws('/', 'stock', s.tenant_id, s.reference, s.store)
    FROM redemption.stock s
    LEFT JOIN (SELECT tenant_id, programme_id, reference, stock_at AS store, sum(quantity) AS held
               FROM redemption.reward_order WHERE state = 'held' AND stock_at IS NOT NULL
               GROUP BY tenant_id, programme_id, reference, stock_at) AS o
        USING (tenant_id, programme_id, reference, store)
    WHERE s.reserved <> coalesce(o.held, 0)
)
SELECT count(*) OVER () AS violations, key FROM flaw ORDER BY key LIMIT 5;

-- name: sweeps_have_events
-- The shards of expiry have numbered one event a movement of a sweep, on loyalty.points; what expiry says on other topics, of
-- sweeps and reminders and to earning, is taken off.
WITH told AS (
    SELECT coalesce(sum(s.next_seq - 1), 0)
         - (SELECT coalesce(sum(o.count), 0) FROM stream.outbox o
            WHERE starts_with(o.shard, 'expiry/') AND o.topic <> 'loyalty.points') AS events
    FROM stream.outbox_shard s WHERE starts_with(s.shard, 'expiry/')
), done AS (
    SELECT count(*) AS effects FROM ledger.movement m JOIN expiry.sweep s ON s.tenant_id = m.tenant_id AND s.cause = m.cause
)
SELECT abs(told.events - done.effects)::bigint AS violations,
       'expiry: ' || told.events || ' events, ' || done.effects || ' effects' AS key
FROM told, done WHERE told.events <> done.effects;

-- name: tenants_disjoint
-- No row of one tenant points to something of another; nothing that has a tenant is without its guard.
WITH flaw AS (
    SELECT 'identifier' AS what, i.tenant_id, i.identifier AS name
    FROM members.identifier i LEFT JOIN members.member m USING (tenant_id, programme_id, member_id)
    WHERE i.member_id IS NOT NULL AND m.member_id IS NULL
    UNION ALL
    SELECT 'member', coalesce(m.tenant_id, h.tenant_id), coalesce(m.member_id, h.member_id)::text
    FROM members.member m FULL JOIN ledger.member h USING (tenant_id, programme_id, member_id)
    WHERE m.member_id IS NULL OR h.member_id IS NULL
    UNION ALL
    SELECT DISTINCT 'lot', l.tenant_id, concat_ws('/', l.member_id, l.seq)
    FROM ledger.lot l LEFT JOIN ledger.member h USING (tenant_id, programme_id, member_id)
    WHERE h.member_id IS NULL
    UNION ALL
    SELECT 'movement', v.tenant_id, concat_ws('/', v.member_id, v.seq)
    FROM ledger.movement v LEFT JOIN ledger.member h USING (tenant_id, programme_id, member_id)
    WHERE h.member_id IS NULL
    UNION ALL
    SELECT 'unpaid-receipt', u.tenant_id, u.event_key::text
    FROM earning.unpaid_receipt u LEFT JOIN members.member m USING (tenant_id, programme_id, member_id)
    WHERE m.member_id IS NULL
    UNION ALL
    SELECT 'member', m.tenant_id, m.member_id::text
    FROM members.member m LEFT JOIN platform.programme p USING (tenant_id, programme_id)
    WHERE p.programme_id IS NULL
    UNION ALL
    SELECT 'unclaimed-receipt', u.tenant_id, u.event_key::text
    FROM earning.unclaimed_receipt u LEFT JOIN platform.programme p USING (tenant_id, programme_id)
    WHERE p.programme_id IS NULL
    UNION ALL
    SELECT 'event', min(i.tenant_id), i.event_key::text
    FROM earning.inbox i GROUP BY i.event_key HAVING count(*) > 1
    UNION ALL
    SELECT 'table', 0, c.oid::regclass::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND NOT c.relforcerowsecurity
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT n.nspname LIKE 'pg\_%'
)
SELECT count(*) OVER () AS violations, concat_ws('/', what, nullif(tenant_id, 0), name) AS key
FROM flaw ORDER BY key LIMIT 5;
