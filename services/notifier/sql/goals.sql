-- What members have done since a scenario began for them.

-- name: earned
SELECT v.delivery_id
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::uuid[])
    AS v(tenant_id, programme_id, member_id, began, delivery_id)
WHERE EXISTS (
    SELECT FROM ledger.lot l
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id
      AND l.opened_by = 'credit' AND l.earned_at > v.began);

-- name: redeemed
SELECT v.delivery_id
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::uuid[])
    AS v(tenant_id, programme_id, member_id, began, delivery_id)
WHERE EXISTS (
    SELECT FROM ledger.movement m
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id
      AND m.kind IN ('redeem', 'commit') AND m.effective_at > v.began);

-- name: segments
SELECT v.delivery_id, array_agg(s.segment) AS segments
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[]) AS v(tenant_id, programme_id, member_id, delivery_id)
JOIN members.segment_member s USING (tenant_id, programme_id, member_id)
GROUP BY v.delivery_id;
