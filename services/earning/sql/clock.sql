-- name: due_members
-- Members with pending points whose time has come, and those whose tier the clock may change, the longest due first. Many
-- may be due at the same midnight, and which of those come first does not matter: the indexes have their order already, a
-- further key would sort them all every time.
SELECT d.tenant_id, d.programme_id, d.member_id, d.due_at, d.seq
FROM (
    (SELECT m.tenant_id, m.programme_id, m.member_id, m.activates_at AS due_at, m.seq
     FROM ledger.member m
     WHERE m.activates_at <= $1
     ORDER BY m.activates_at
     LIMIT $2)
    UNION ALL
    (SELECT t.tenant_id, t.programme_id, t.member_id, t.due_at, t.changes::bigint
     FROM members.tier_standing t
     WHERE t.due_at <= $1
     ORDER BY t.due_at
     LIMIT $2)
) AS d
ORDER BY d.due_at
LIMIT $2;

-- name: count_due
SELECT (SELECT count(*) FROM (SELECT FROM ledger.member m WHERE m.activates_at <= $1 LIMIT $2) AS pending)
     + (SELECT count(*) FROM (SELECT FROM members.tier_standing t WHERE t.due_at <= $1 LIMIT $2) AS tiers);

-- name: ready_receipts
-- Receipts behind the place $2 to $4 that wait for nothing any more: those parked for a rate ($1) that is there by now, each with
-- the version that holds, and those of members who were blocked ($6) and are not any more, nor whom they were merged into, with 0.
-- A time ahead of the clock counts as the arrival, as it does when a receipt is judged.
WITH rated AS (
    SELECT e.tenant_id, e.programme_id, e.currency, min(e.valid_from) AS since
    FROM platform.exchange_rate e
    GROUP BY e.tenant_id, e.programme_id, e.currency
), page AS (
    SELECT r.tenant_id, r.programme_id, r.receipt_key, r.receipt_number, r.store, r.currency, r.recorded_at,
           least(r.occurred_at, r.recorded_at) AS at
    FROM earning.parked_receipt r
    JOIN rated ON rated.tenant_id = r.tenant_id AND rated.programme_id = r.programme_id
              AND rated.currency = r.currency AND rated.since <= least(r.occurred_at, r.recorded_at)
    WHERE r.reason = $1 AND (r.tenant_id, r.programme_id, r.receipt_key) > ($2::int, $3::int, $4::uuid)
    ORDER BY r.tenant_id, r.programme_id, r.receipt_key
    LIMIT $5
), free AS (
    SELECT r.tenant_id, r.programme_id, r.receipt_key, r.receipt_number, r.store, r.recorded_at, r.currency, 0 AS version
    FROM earning.parked_receipt r
    WHERE r.reason = $6 AND (r.tenant_id, r.programme_id, r.receipt_key) > ($2::int, $3::int, $4::uuid)
      AND NOT EXISTS (
          SELECT FROM members.block b
          WHERE b.tenant_id = r.tenant_id AND b.programme_id = r.programme_id AND b.lifted_at IS NULL
            AND b.member_id IN (r.member_id, (
                SELECT g.leads_to FROM members.merge g
                WHERE g.tenant_id = r.tenant_id AND g.programme_id = r.programme_id AND g.member_id = r.member_id
                  AND g.undone_at IS NULL
            ))
      )
    ORDER BY r.tenant_id, r.programme_id, r.receipt_key
    LIMIT $5
)
SELECT p.tenant_id, p.programme_id, p.receipt_key, p.receipt_number, p.store, p.recorded_at, p.currency, e.version
FROM page p
CROSS JOIN LATERAL (
    SELECT x.version FROM platform.exchange_rate x
    WHERE x.tenant_id = p.tenant_id AND x.programme_id = p.programme_id AND x.currency = p.currency AND x.valid_from <= p.at
    ORDER BY x.valid_from DESC, x.version DESC
    LIMIT 1
) AS e
UNION ALL
SELECT * FROM free
ORDER BY tenant_id, programme_id, receipt_key LIMIT $5;

-- name: members_named
-- The members with these ids, in whichever programmes: programmes are few, and each id is looked up by the primary key.
SELECT m.tenant_id, m.programme_id, m.member_id
FROM platform.programme p
CROSS JOIN unnest($1::uuid[]) AS v(member_id)
JOIN ledger.member m
  ON m.tenant_id = p.tenant_id AND m.programme_id = p.programme_id AND m.member_id = v.member_id;
