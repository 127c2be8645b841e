-- Members who bring in others: their codes, and what became of each friend.

-- name: make_code
-- Nothing is done where the member has a code, or somebody else has this one.
INSERT INTO members.referral_code (tenant_id, programme_id, member_id, code, made_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: code_of
SELECT code, made_at FROM members.referral_code WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: code_known
SELECT EXISTS (
    SELECT FROM members.referral_code c
    JOIN platform.programme p USING (tenant_id, programme_id)
    WHERE c.tenant_id = $1 AND c.code = $2 AND ($3::text IS NULL OR p.slug = $3)
) AS known;

-- name: listed
-- Newest first, below ($4, $5); $3 is a state.
SELECT p.slug AS programme, r.friend_id, r.referrer_id, r.claimed_at, r.version, r.consented, r.state, r.reasons,
       r.converted_at, r.until, r.changed_at
FROM earning.referral r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND ($2::text IS NULL OR p.slug = $2) AND ($3::text IS NULL OR r.state = $3)
  AND (r.changed_at, r.friend_id) < ($4::timestamptz, $5::uuid)
ORDER BY r.changed_at DESC, r.friend_id DESC
LIMIT $6;

-- name: of_friend
SELECT p.slug AS programme, r.friend_id, r.referrer_id, r.claimed_at, r.version, r.consented, r.state, r.reasons,
       r.converted_at, r.until, r.changed_at
FROM earning.referral r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.friend_id = $3;

-- name: of_referrer
SELECT p.slug AS programme, r.friend_id, r.referrer_id, r.claimed_at, r.version, r.consented, r.state, r.reasons,
       r.converted_at, r.until, r.changed_at
FROM earning.referral r
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.referrer_id = $3
ORDER BY r.claimed_at, r.friend_id;

-- name: changes
SELECT number, state, reason, decided_by, note, recorded_at
FROM earning.referral_change
WHERE tenant_id = $1 AND programme_id = $2 AND friend_id = $3
ORDER BY number;
