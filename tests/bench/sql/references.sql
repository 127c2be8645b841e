-- name: credit
-- Credits of different members: instant, tenants, programmes, event keys, body hashes, members, points. A repeated event
-- fails the whole statement.
WITH known AS (
    INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
    SELECT v.tenant_id, v.event_key, v.body_hash, 0, $1
    FROM unnest($2::int[], $4::uuid[], $5::bigint[]) AS v(tenant_id, event_key, body_hash)
), head AS (
    UPDATE ledger.member m SET seq = m.seq + 1
    FROM unnest($2::int[], $3::int[], $4::uuid[], $6::uuid[], $7::bigint[])
        AS v(tenant_id, programme_id, event_key, member_id, points)
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id
    RETURNING m.tenant_id, m.programme_id, m.member_id, m.seq, v.points, v.event_key
)
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT tenant_id, programme_id, member_id, seq, 'points', points, points, $1, $1, $1 + interval '1 year', $1, 1, event_key
FROM head;

-- name: copy_database
SELECT format('CREATE DATABASE %I TEMPLATE %I', $1::text, $2::text);
