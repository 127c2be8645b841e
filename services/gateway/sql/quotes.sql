-- What a quote reads, by functions that say first whose rows may be seen.

-- name: member
-- With whether a text waits at the till that is of use at $5: most quotes ask for none then.
SELECT q.*, coalesce((
    SELECT true FROM notifier.inbox i
    WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.member_id = q.member_id AND i.place = 'till'
      AND (i.expires_at IS NULL OR i.expires_at > $5)
    LIMIT 1
), false) AS till
FROM gateway.quote_member($1, $2, $3, $4) AS q;

-- name: member_known
-- The same with what is known of the member, for programmes that ask. Read behind the function, which says whose rows may be
-- seen: a lateral that is not pulled up.
SELECT q.*, k.*, coalesce((
    SELECT true FROM notifier.inbox i
    WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.member_id = q.member_id AND i.place = 'till'
      AND (i.expires_at IS NULL OR i.expires_at > $5)
    LIMIT 1
), false) AS till
FROM gateway.quote_member($1, $2, $3, $4) AS q
LEFT JOIN LATERAL (
    SELECT m.enrolled_at, coalesce(p.revision, 0) AS revision, p.birthday, p.attributes::text AS attributes
    FROM members.member m
    LEFT JOIN vault.profile p
           ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = q.member_id
    OFFSET 0
) AS k ON true;

-- name: member_in_segments
-- The same with the segments of the member too, for programmes that ask for them.
SELECT q.*, k.*, (
    SELECT array_agg(s.segment) FROM members.segment_member s
    WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.member_id = q.member_id
) AS segments, coalesce((
    SELECT true FROM notifier.inbox i
    WHERE i.tenant_id = $1 AND i.programme_id = $2 AND i.member_id = q.member_id AND i.place = 'till'
      AND (i.expires_at IS NULL OR i.expires_at > $5)
    LIMIT 1
), false) AS till
FROM gateway.quote_member($1, $2, $3, $4) AS q
LEFT JOIN LATERAL (
    SELECT m.enrolled_at, coalesce(p.revision, 0) AS revision, p.birthday, p.attributes::text AS attributes
    FROM members.member m
    LEFT JOIN vault.profile p
           ON p.tenant_id = m.tenant_id AND p.programme_id = m.programme_id AND p.member_id = m.member_id AND p.present
    WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = q.member_id
    OFFSET 0
) AS k ON true;

-- name: counters
SELECT used FROM gateway.quote_counters($1, $2, $3);
