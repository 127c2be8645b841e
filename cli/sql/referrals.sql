-- name: referrals
-- Friends who were brought in, the oldest first; $3 is a state, $4 are friends.
SELECT t.slug AS tenant, p.slug AS programme, r.friend_id, r.referrer_id, r.state, r.reasons, r.claimed_at, r.consented,
       r.converted_at, r.until, r.changed_at
FROM earning.referral r
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR r.state = $3)
  AND ($4::uuid[] IS NULL OR r.friend_id = ANY ($4))
ORDER BY r.changed_at, r.friend_id
LIMIT $5;

-- name: changes
SELECT number, state, reason, decided_by, note, recorded_at
FROM earning.referral_change
WHERE tenant_id = $1 AND programme_id = $2 AND friend_id = $3
ORDER BY number;
