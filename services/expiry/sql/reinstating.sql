-- name: take
-- Shares of approved requests that are not sent, as far as no other worker has them.
SELECT s.tenant_id, s.programme_id, s.reinstatement_id, s.member_id, s.wallet, s.points, r.lapsed_after, r.lapsed_until,
       r.expires_at, r.reason, r.note, r.asked_by, r.asked_at, r.decided_by, t.slug AS tenant, p.slug AS programme
FROM expiry.reinstatement r
JOIN expiry.reinstatement_share s USING (tenant_id, programme_id, reinstatement_id)
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE r.state = 'approved' AND NOT s.sent
ORDER BY s.tenant_id, s.programme_id, s.reinstatement_id, s.member_id, s.wallet
LIMIT $1
FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: mark
UPDATE expiry.reinstatement_share s SET sent = true
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[], $5::text[])
     AS v(tenant_id, programme_id, reinstatement_id, member_id, wallet)
WHERE s.tenant_id = v.tenant_id AND s.programme_id = v.programme_id AND s.reinstatement_id = v.reinstatement_id
  AND s.member_id = v.member_id AND s.wallet = v.wallet;

-- name: sent
UPDATE expiry.reinstatement r SET state = 'sent'
WHERE r.state = 'approved'
  AND NOT EXISTS (SELECT FROM expiry.reinstatement_share s
                  WHERE s.tenant_id = r.tenant_id AND s.programme_id = r.programme_id
                    AND s.reinstatement_id = r.reinstatement_id AND NOT s.sent);
