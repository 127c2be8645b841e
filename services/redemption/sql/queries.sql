-- name: begin_request
SELECT * FROM redemption.begin_request($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: lock_expired
SELECT * FROM redemption.lock_expired($1, $2, $3);

-- name: set_tenant
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: member
SELECT seq, owing FROM ledger.member WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: leads_to
-- Whom the id of a member leads to who was merged.
SELECT g.leads_to FROM members.merge g
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.member_id = $3 AND g.undone_at IS NULL;

-- name: redemptions
SELECT r.programme_id, r.member_id, r.redemption_id, r.state, r.points, r.restored, r.hold_until, r.extended, r.reference,
       r.shares::text AS shares, r.counted_on, r.asked_at, r.changed_at,
       b.currency, b.amount_minor, b.paid_minor, b.rate_points, b.rate_minor, b.tax, b.returned_minor,
       t.kind AS trade_kind, t.wallet AS trade_wallet, t.points AS trade_points, t.other AS trade_other,
       t.rate_points AS trade_rate_points, t.rate_other AS trade_rate_other, t.programme_version,
       t.currency AS trade_currency, t.party, t.pool, t.payment, t.opens, t.due_at,
       (SELECT to_jsonb(o)::text FROM redemption.reward_order o
        WHERE o.tenant_id = r.tenant_id AND o.programme_id = r.programme_id AND o.member_id = r.member_id
          AND o.order_id = r.redemption_id) AS order_row,
       (SELECT jsonb_agg(jsonb_build_array(s.number, s.state, s.at, s.by, s.note, s.tracking) ORDER BY s.number)::text
        FROM redemption.reward_step s
        WHERE s.tenant_id = r.tenant_id AND s.programme_id = r.programme_id AND s.member_id = r.member_id
          AND s.order_id = r.redemption_id) AS steps
FROM redemption.redemption r
LEFT JOIN redemption.bill b USING (tenant_id, programme_id, member_id, redemption_id)
LEFT JOIN redemption.trade t USING (tenant_id, programme_id, member_id, redemption_id)
WHERE r.tenant_id = $1 AND r.redemption_id = ANY ($2::uuid[])
ORDER BY r.programme_id, r.member_id, r.redemption_id;

-- name: tier
SELECT tier FROM ledger.member WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: people
-- What the dates of members' points may go by: their level, their segments, and since when they are members.
SELECT m.member_id, m.tier, d.enrolled_at, ARRAY(
    SELECT s.segment FROM members.segment_member s
    WHERE s.tenant_id = m.tenant_id AND s.programme_id = m.programme_id AND s.member_id = m.member_id
    ORDER BY s.segment
) AS segments
FROM ledger.member m JOIN members.member d USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($3::uuid[]);

-- name: save_bills
INSERT INTO redemption.bill AS b (tenant_id, programme_id, member_id, redemption_id, currency, amount_minor, paid_minor,
                                  rate_points, rate_minor, tax, returned_minor)
SELECT v.* FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                       $9::bigint[], $10::text[], $11::bigint[]) AS v
ON CONFLICT (tenant_id, programme_id, member_id, redemption_id)
DO UPDATE SET paid_minor = excluded.paid_minor, returned_minor = excluded.returned_minor;

-- name: lots
-- Lots by number, also those of which nothing is left.
SELECT l.tenant_id, l.programme_id, l.member_id, l.seq, l.wallet, l.amount, l.remaining, l.held, l.earned_at, l.active_from,
       l.expires_at, l.recorded_at, l.policy_version, l.contributor, l.opened_by::text AS opened_by, l.pending,
       (SELECT h.keeps::text FROM ledger.member h
        WHERE h.tenant_id = v.tenant_id AND h.programme_id = v.programme_id AND h.member_id = v.member_id) AS keeps
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::bigint[]) AS v(tenant_id, programme_id, member_id, seq)
CROSS JOIN LATERAL (
    SELECT * FROM ledger.lot_now o
    WHERE o.tenant_id = v.tenant_id AND o.programme_id = v.programme_id AND o.member_id = v.member_id AND o.seq = v.seq
    OFFSET 0 -- lot by lot: for a few the planner would read the whole table
) AS l
ORDER BY l.tenant_id, l.programme_id, l.member_id, l.seq;

-- name: save
SELECT redemption.save($1, $2::jsonb);

-- name: keep_answer
UPDATE redemption.request SET answer = $5
WHERE tenant_id = $1 AND credential = $2 AND operation = $3 AND key_digest = $4;

-- name: count_days
SELECT earning.count_days($1, $2, $3, $4, $5, $6, $7, $8::jsonb[], $9);

-- name: expired
-- Holds that are over, of any tenant, the oldest first.
SELECT tenant_id, redemption_id FROM redemption.redemption
WHERE state = 'held' AND hold_until <= $1 ORDER BY hold_until LIMIT $2;

-- name: forget_requests
-- An answer is given again for seven days. What gave points back is kept for ever: nothing else would tell a repeat from
-- another part of the same redemption. Of all else a repeat finds the redemption as it is.
DELETE FROM redemption.request r
USING (
    SELECT tenant_id, credential, operation, key_digest FROM redemption.request
    WHERE asked_at <= $1 AND operation <> 'cancel' ORDER BY asked_at LIMIT $2 FOR UPDATE SKIP LOCKED
) AS old
WHERE r.tenant_id = old.tenant_id AND r.credential = old.credential AND r.operation = old.operation
  AND r.key_digest = old.key_digest;

-- name: programmes
SELECT p.tenant_id, p.programme_id, t.slug AS tenant, p.slug AS programme, v.version, v.active_from, v.hash
FROM platform.programme p
JOIN platform.tenant t USING (tenant_id)
JOIN platform.programme_version v USING (tenant_id, programme_id)
ORDER BY p.tenant_id, p.programme_id, v.active_from, v.version;

-- name: document
SELECT document FROM platform.programme_version WHERE tenant_id = $1 AND programme_id = $2 AND version = $3;

-- name: blocked
-- The members who are blocked, by programme.
SELECT tenant_id, programme_id, array_agg(member_id) AS members FROM members.block WHERE lifted_at IS NULL
GROUP BY tenant_id, programme_id;
