-- What members have done since a scenario began for them, up to an instant or till now.

-- name: earned
SELECT v.name
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::uuid[])
    AS v(tenant_id, programme_id, member_id, began, until, name)
WHERE EXISTS (
    SELECT FROM ledger.lot l
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id
      AND l.opened_by = 'credit' AND l.earned_at > v.began AND (v.until IS NULL OR l.earned_at <= v.until));

-- name: redeemed
SELECT v.name
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::uuid[])
    AS v(tenant_id, programme_id, member_id, began, until, name)
WHERE EXISTS (
    SELECT FROM ledger.movement m
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id
      AND m.kind IN ('redeem', 'commit') AND m.effective_at > v.began AND (v.until IS NULL OR m.effective_at <= v.until));

-- name: segments
SELECT s.tenant_id, s.programme_id, s.member_id, array_agg(s.segment) AS segments
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN members.segment_member s USING (tenant_id, programme_id, member_id)
GROUP BY s.tenant_id, s.programme_id, s.member_id;
