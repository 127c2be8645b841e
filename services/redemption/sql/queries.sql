-- name: begin_request
SELECT * FROM redemption.begin_request($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: lock_expired
SELECT * FROM redemption.lock_expired($1, $2, $3);

-- name: set_tenant
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: member
SELECT seq, owing FROM ledger.member WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: redemptions
SELECT programme_id, member_id, redemption_id, state, points, restored, hold_until, extended, reference,
       shares::text AS shares, counted_on, asked_at, changed_at,
       (SELECT to_jsonb(o)::text FROM redemption.reward_order o
        WHERE o.tenant_id = r.tenant_id AND o.programme_id = r.programme_id AND o.member_id = r.member_id
          AND o.order_id = r.redemption_id) AS order_row,
       (SELECT jsonb_agg(jsonb_build_array(s.number, s.state, s.at, s.by, s.note, s.tracking) ORDER BY s.number)::text
        FROM redemption.reward_step s
        WHERE s.tenant_id = r.tenant_id AND s.programme_id = r.programme_id AND s.member_id = r.member_id
          AND s.order_id = r.redemption_id) AS steps
FROM redemption.redemption r WHERE tenant_id = $1 AND redemption_id = ANY ($2::uuid[])
ORDER BY programme_id, member_id, redemption_id;

-- name: lots
-- Lots by number, also those of which nothing is left.
SELECT l.tenant_id, l.programme_id, l.member_id, l.seq, l.wallet, l.amount, l.remaining, l.held, l.earned_at, l.active_from,
       l.expires_at, l.recorded_at, l.policy_version, l.contributor, l.opened_by::text AS opened_by, l.pending,
       (SELECT h.keeps::text FROM ledger.member h
        WHERE h.tenant_id = $1 AND h.programme_id = $2 AND h.member_id = $3) AS keeps
FROM ledger.lot_now l
WHERE l.tenant_id = $1 AND l.programme_id = $2 AND l.member_id = $3 AND l.seq = ANY ($4::bigint[])
ORDER BY l.seq;

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
