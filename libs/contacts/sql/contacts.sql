-- name: people
-- Who members are, all in one row each.
SELECT v.tenant_id, v.programme_id, v.member_id, k.sealed_key, p.given_name, p.family_name, p.language, p.zone, p.country,
       c.*, s.*
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN vault.member_key k USING (tenant_id, programme_id, member_id)
LEFT JOIN vault.person p USING (tenant_id, programme_id, member_id)
CROSS JOIN LATERAL (
    SELECT array_agg(c.channel) AS channels, array_agg(c.digest) AS digests, array_agg(c.address) AS addresses,
           array_agg(c.alive) AS alive
    FROM (
        SELECT c.* FROM vault.contact c
        WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id
        ORDER BY c.channel, greatest(c.told_at, c.changed_at) DESC, c.changed_at DESC, c.digest
    ) AS c
) AS c
CROSS JOIN LATERAL (
    SELECT array_agg(s.purpose) AS consent_purposes, array_agg(s.channel) AS consent_channels,
           array_agg(s.given) AS consent_given, array_agg(s.at) AS consent_at, array_agg(s.source) AS consent_sources,
           array_agg(s.text_version) AS consent_texts
    FROM vault.consent s
    WHERE s.tenant_id = v.tenant_id AND s.programme_id = v.programme_id AND s.member_id = v.member_id AND s.present
) AS s;

-- name: addresses
SELECT k.sealed_key, c.channel, c.digest, c.address, c.alive, c.reason, c.changed_at, c.reached_at
FROM vault.contact c
JOIN vault.member_key k USING (tenant_id, programme_id, member_id)
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = $3 AND k.sealed_key IS NOT NULL
ORDER BY c.channel, greatest(c.told_at, c.changed_at) DESC, c.changed_at DESC, c.digest;

-- name: drop_others
DELETE FROM vault.contact c
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = $3 AND c.alive
  AND (c.channel, c.digest) NOT IN (SELECT v.* FROM unnest($4::text[], $5::bytea[]) AS v(channel, digest));

-- name: hold
SELECT h.tenant_id, h.programme_id, h.member_id, h.sealed_key
FROM vault.hold($1, $2::int[], $3::int[], $4::uuid[], $5::bytea[]) AS h;

-- name: save_people
INSERT INTO vault.person AS p (tenant_id, programme_id, member_id, given_name, family_name, language, zone, country,
                               recorded_at)
SELECT v.*, $1
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::text[])
    AS v(tenant_id, programme_id, member_id, given_name, family_name, language, zone, country)
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
    SET given_name = coalesce(excluded.given_name, p.given_name),
        family_name = coalesce(excluded.family_name, p.family_name),
        language = coalesce(excluded.language, p.language),
        zone = coalesce(excluded.zone, p.zone),
        country = coalesce(excluded.country, p.country),
        recorded_at = excluded.recorded_at;

-- name: save_contacts
SELECT vault.save_contacts($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: record_consents
SELECT vault.record_consents($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: consents
SELECT c.purpose, c.channel, c.given, c.at, c.source, c.text_version
FROM vault.consent c
WHERE c.tenant_id = $1 AND c.programme_id = $2 AND c.member_id = $3
ORDER BY c.number;

-- name: last_words
SELECT c.tenant_id, c.programme_id, c.member_id, c.purpose, c.channel, c.given, c.at, c.source, c.text_version
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN vault.consent c USING (tenant_id, programme_id, member_id)
WHERE c.present
ORDER BY c.tenant_id, c.programme_id, c.member_id, c.number;

-- name: mark_dead
UPDATE vault.contact c SET alive = false, reason = v.reason, changed_at = $1
FROM unnest($2::int[], $3::text[], $4::bytea[], $5::text[]) AS v(tenant_id, channel, digest, reason)
WHERE c.tenant_id = v.tenant_id AND c.channel = v.channel AND c.digest = v.digest AND c.alive;

-- name: mark_address_dead
UPDATE vault.contact c SET alive = false, reason = $7, changed_at = $1
WHERE c.tenant_id = $2 AND c.programme_id = $3 AND c.member_id = $4 AND c.channel = $5 AND c.digest = $6 AND c.alive;

-- name: mark_alive
UPDATE vault.contact c SET alive = true, reason = NULL, changed_at = $1
WHERE c.tenant_id = $2 AND c.programme_id = $3 AND c.member_id = $4 AND c.channel = $5 AND c.digest = $6 AND NOT c.alive;

-- name: mark_reached
UPDATE vault.contact c SET reached_at = v.at
FROM unnest($1::int[], $2::text[], $3::bytea[], $4::timestamptz[]) AS v(tenant_id, channel, digest, at)
WHERE c.tenant_id = v.tenant_id AND c.channel = v.channel AND c.digest = v.digest
  AND (c.reached_at IS NULL OR c.reached_at < v.at);

-- name: destroy_keys
-- Also of whom nothing was known so far: what comes later is not kept either.
INSERT INTO vault.member_key (tenant_id, programme_id, member_id, made_at, destroyed_at)
SELECT v.tenant_id, v.programme_id, v.member_id, $1, $1
FROM unnest($2::int[], $3::int[], $4::uuid[]) AS v(tenant_id, programme_id, member_id)
ORDER BY v.tenant_id, v.programme_id, v.member_id
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE
    SET sealed_key = NULL, destroyed_at = coalesce(vault.member_key.destroyed_at, excluded.destroyed_at);

-- name: forget_words
-- What waits for members in their app and at the till.
DELETE FROM notifier.inbox i
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE i.tenant_id = v.tenant_id AND i.programme_id = v.programme_id AND i.member_id = v.member_id;

-- name: forget_captured
DELETE FROM notifier.captured k
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN notifier.delivery d USING (tenant_id, programme_id, member_id)
WHERE k.tenant_id = d.tenant_id AND k.delivery_id = d.delivery_id;

-- name: forget_places
-- Where messages went: the digest of the address, and the name that a provider has for them.
UPDATE notifier.delivery d SET digest = NULL, provider_id = NULL
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
  AND (d.digest IS NOT NULL OR d.provider_id IS NOT NULL);

-- name: forget_heard
-- What was heard of addresses that no other member has.
DELETE FROM notifier.feedback f
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN vault.contact c USING (tenant_id, programme_id, member_id)
WHERE f.tenant_id = c.tenant_id AND f.digest = c.digest
  AND NOT EXISTS (SELECT FROM vault.contact o
                  WHERE o.tenant_id = c.tenant_id AND o.digest = c.digest
                    AND (o.programme_id, o.member_id) <> (c.programme_id, c.member_id));

-- name: forget_shares
-- What members showed to friends.
DELETE FROM gateway.share s
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE s.tenant_id = v.tenant_id AND s.programme_id = v.programme_id AND s.member_id = v.member_id;

-- name: forget_friends
-- Whom members asked to have invited, and that members themselves were meant.
DELETE FROM gateway.invitation_asked i
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE i.tenant_id = v.tenant_id AND i.programme_id = v.programme_id
  AND (i.member_id = v.member_id
       OR i.digest IN (SELECT c.digest FROM vault.contact c
                       WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id));

-- name: forget_invited
-- That members were invited once; who said no stays known by that, so as not to be asked again.
DELETE FROM gateway.invitation i
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
JOIN vault.contact c USING (tenant_id, programme_id, member_id)
WHERE i.tenant_id = c.tenant_id AND i.programme_id = c.programme_id AND i.digest = c.digest
  AND i.answer IS DISTINCT FROM 'refused';

-- name: forget_inviting
-- Who invited the friends that are left.
UPDATE gateway.invitation i SET member_id = NULL
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE i.tenant_id = v.tenant_id AND i.programme_id = v.programme_id AND i.member_id = v.member_id;

-- name: forget_asked
-- Where questions about consents went; that they were asked and answered stays.
UPDATE vault.consent_asked a SET digest = NULL
FROM unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE a.tenant_id = v.tenant_id AND a.programme_id = v.programme_id AND a.member_id = v.member_id
  AND a.digest IS NOT NULL;

-- name: forget_contacts
DELETE FROM vault.contact c
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id;

-- name: forget_people
DELETE FROM vault.person p
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE p.tenant_id = v.tenant_id AND p.programme_id = v.programme_id AND p.member_id = v.member_id;

-- name: forget_chats
DELETE FROM gateway.chat c
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE c.tenant_id = v.tenant_id AND c.programme_id = v.programme_id AND c.member_id = v.member_id;

-- name: forget_talk
-- What the member and the staff wrote to each other.
DELETE FROM gateway.chat_message m
USING unnest($1::int[], $2::int[], $3::uuid[]) AS v(tenant_id, programme_id, member_id)
WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;
