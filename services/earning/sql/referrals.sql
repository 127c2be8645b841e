-- Members who bring in others: what is asked when a batch is about them, and what is kept.

-- name: owners_of_codes
SELECT c.tenant_id, c.programme_id, c.code, c.member_id
FROM unnest($1::int[], $2::int[], $3::text[]) AS v(tenant_id, programme_id, code)
JOIN members.referral_code c USING (tenant_id, programme_id, code);

-- name: rows
-- Where the referrals of these friends stand, and those of the friends whom these referrers brought in, each once.
SELECT r.tenant_id, r.programme_id, r.friend_id, r.referrer_id, r.claimed_at, r.enrolled_at, r.version, r.consented,
       r.suspicions, r.word, r.state, r.reasons, r.converted_at, r.counted, r.until, r.changes
FROM (
    SELECT f.tenant_id, f.programme_id, f.friend_id
    FROM unnest($1::int[], $2::int[], $3::uuid[]) AS f(tenant_id, programme_id, friend_id)
    UNION
    SELECT b.tenant_id, b.programme_id, b.friend_id
    FROM unnest($4::int[], $5::int[], $6::uuid[]) AS v(tenant_id, programme_id, referrer_id)
    JOIN earning.referral b USING (tenant_id, programme_id, referrer_id)
) AS asked
JOIN earning.referral r USING (tenant_id, programme_id, friend_id);

-- name: pairs
-- Of each friend and referrer: when the friend enrolled, whether the two are one person, and by which kinds of marks the
-- friend is like the referrer or another of the referrer's friends, and which like others of these friends.
SELECT v.tenant_id, v.programme_id, v.friend_id, v.referrer_id, m.enrolled_at,
       EXISTS (SELECT FROM members.same_person s
               WHERE s.tenant_id = v.tenant_id AND s.programme_id = v.programme_id
                 AND s.member_id = least(v.friend_id, v.referrer_id)
                 AND s.other_id = greatest(v.friend_id, v.referrer_id)) AS tied,
       ARRAY(SELECT DISTINCT own.kind
             FROM members.mark own
             JOIN members.mark other USING (tenant_id, programme_id, kind, digest)
             WHERE own.tenant_id = v.tenant_id AND own.programme_id = v.programme_id AND own.member_id = v.friend_id
               AND other.member_id <> v.friend_id
               AND (other.member_id = v.referrer_id
                    OR EXISTS (SELECT FROM earning.referral r
                               WHERE r.tenant_id = v.tenant_id AND r.programme_id = v.programme_id
                                 AND r.friend_id = other.member_id AND r.referrer_id = v.referrer_id))) AS shared,
       ARRAY(SELECT DISTINCT own.kind || ' ' || other.member_id
             FROM members.mark own
             JOIN members.mark other USING (tenant_id, programme_id, kind, digest)
             WHERE own.tenant_id = v.tenant_id AND own.programme_id = v.programme_id AND own.member_id = v.friend_id
               AND other.member_id <> v.friend_id AND other.member_id = ANY ($3::uuid[])) AS beside
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[]) AS v(tenant_id, programme_id, friend_id, referrer_id)
JOIN members.member m
  ON m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.friend_id;

-- name: accounts
SELECT a.tenant_id, a.programme_id, a.member_id, a.story
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN earning.referral_account a USING (tenant_id, programme_id, member_id);

-- name: events_of
-- The events of members up to an instant each, and where the decisions on them lie.
SELECT v.tenant_id, v.programme_id, v.member_id, e.event_key, i.page
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[]) AS v(tenant_id, programme_id, member_id, until)
CROSS JOIN LATERAL (
    SELECT l.cause AS event_key FROM ledger.lot l
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id
      AND l.earned_at <= v.until
    UNION
    SELECT u.event_key FROM earning.unpaid_receipt u
    WHERE u.tenant_id = v.tenant_id AND u.programme_id = v.programme_id AND u.member_id = v.member_id
      AND u.occurred_at <= v.until
) AS e
JOIN earning.inbox i ON i.tenant_id = v.tenant_id AND i.event_key = e.event_key
WHERE i.page % 4096 <> $5;

-- name: stories
SELECT r.tenant_id, r.receipt_key, r.story
FROM unnest($1::int[], $2::uuid[]) AS v(tenant_id, receipt_key)
JOIN earning.receipt r USING (tenant_id, receipt_key)
WHERE r.story IS NOT NULL;

-- name: save_referrals
SELECT earning.save_referrals($1, $2::jsonb, $3::jsonb, $4::jsonb);

-- name: save_marks
INSERT INTO members.mark (tenant_id, programme_id, member_id, kind, digest, recorded_at)
SELECT v.tenant_id, v.programme_id, v.member_id, v.kind, v.digest, $1
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::text[], $6::text[])
    AS v(tenant_id, programme_id, member_id, kind, digest)
ON CONFLICT DO NOTHING;

-- name: save_same
INSERT INTO members.same_person (tenant_id, programme_id, member_id, other_id, recorded_at)
SELECT v.tenant_id, v.programme_id, least(v.member_id, v.other_id), greatest(v.member_id, v.other_id), $1
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::uuid[]) AS v(tenant_id, programme_id, member_id, other_id)
ON CONFLICT DO NOTHING;

-- name: keep_waiting
-- Members to whom more is due than a switch lets them have, and the event whose look found that.
INSERT INTO earning.referral_waiting AS w (tenant_id, programme_id, member_id, cause)
SELECT v.tenant_id, v.programme_id, v.member_id, v.cause
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::uuid[]) AS v(tenant_id, programme_id, member_id, cause)
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET cause = excluded.cause;

-- name: waiting
SELECT w.member_id, w.cause
FROM earning.referral_waiting w
WHERE w.tenant_id = $1 AND w.programme_id = $2
ORDER BY w.member_id
LIMIT $3;

-- name: forget_waiting
DELETE FROM earning.referral_waiting w
USING unnest($3::uuid[], $4::uuid[]) AS v(member_id, cause)
WHERE w.tenant_id = $1 AND w.programme_id = $2 AND w.member_id = v.member_id AND w.cause = v.cause;
