-- name: versions
SELECT v.tenant_id, v.programme_id, v.version, v.hash, v.active_from, t.slug AS tenant, p.slug AS programme, p.name
FROM platform.programme_version v
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.tenant t USING (tenant_id)
ORDER BY v.tenant_id, v.programme_id, v.active_from, v.version;

-- name: digest
-- What changes whenever a version comes, or another takes its place.
SELECT count(*) || '/' ||
       coalesce(sum(hashtextextended(concat_ws(',', v.tenant_id, v.programme_id, v.version, v.active_from, v.hash), 0)), 0)
FROM platform.programme_version v;

-- name: document
SELECT document FROM platform.programme_version WHERE tenant_id = $1 AND programme_id = $2 AND version = $3;

-- name: keep_month
SELECT notifier.keep_month($1);

-- name: queue
-- Deliveries that come into being: $17 asks for the first of an occasion, which is there once over whatever channel.
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id,
                               purpose, route, place, spread, facts, state, due_at, useful_until, queued_at)
SELECT v.tenant_id, v.programme_id, v.member_id, v.message, v.occasion, v.channel, v.occasion_on, v.delivery_id,
       v.purpose, string_to_array(v.route, ','), v.place, v.spread, v.facts::jsonb, 'waiting', v.due_at, v.useful_until, $16
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::uuid[], $9::text[],
            $10::text[], $11::smallint[], $12::int[], $13::text[], $14::timestamptz[], $15::timestamptz[])
    AS v(tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id, purpose, route, place,
         spread, facts, due_at, useful_until)
WHERE NOT $17 OR NOT EXISTS (
    SELECT FROM notifier.delivery d
    WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
      AND d.message = v.message AND d.occasion = v.occasion AND d.occasion_on = v.occasion_on)
ON CONFLICT DO NOTHING
RETURNING delivery_id;

-- name: claim
-- Takes deliveries of a channel that are due by $2, for a worker ($3) until $4.
WITH due AS (
    SELECT d.tenant_id, d.programme_id, d.member_id, d.message, d.occasion, d.occasion_on
    FROM notifier.delivery d
    WHERE d.channel = $1 AND d.state IN ('waiting', 'postponed') AND d.due_at <= $2
    ORDER BY d.due_at
    LIMIT $5
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifier.delivery d SET state = 'sending', epoch = d.epoch + 1, holder = $3, lease_until = $4
FROM due
WHERE d.tenant_id = due.tenant_id AND d.programme_id = due.programme_id AND d.member_id = due.member_id
  AND d.message = due.message AND d.occasion = due.occasion AND d.channel = $1 AND d.occasion_on = due.occasion_on
RETURNING d.tenant_id, d.programme_id, d.member_id, d.message, d.occasion, d.channel, d.occasion_on, d.delivery_id,
          d.purpose, d.route, d.place, d.spread, d.facts::text AS facts, d.useful_until, d.attempts, d.epoch, d.lapses;

-- name: give_back
-- What a worker had whose lease ended ($1, by the machine's clock) is due again; whoever it kills is set aside by its count.
UPDATE notifier.delivery d
SET state = 'postponed', due_at = $2, reason = 'lease_ended', holder = NULL, lease_until = NULL, lapses = d.lapses + 1
WHERE d.state = 'sending' AND d.lease_until < $1
RETURNING d.channel;

-- name: let_go
-- What this worker has taken and not begun ($2) is free at once.
UPDATE notifier.delivery d SET state = 'waiting', holder = NULL, lease_until = NULL
FROM unnest($1::uuid[], $2::int[]) AS v(delivery_id, epoch)
WHERE d.delivery_id = v.delivery_id AND d.epoch = v.epoch AND d.state = 'sending';

-- name: hold
-- What this worker is still at stays with it until $9.
UPDATE notifier.delivery d SET lease_until = $9
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[])
    AS v(tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, epoch)
WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
  AND d.message = v.message AND d.occasion = v.occasion AND d.channel = v.channel AND d.occasion_on = v.occasion_on
  AND d.epoch = v.epoch AND d.state = 'sending';

-- name: settle
-- What became of deliveries that this worker still holds, or whose lease ended and that nobody has taken since. A time
-- that is NULL stays as it was.
UPDATE notifier.delivery d
SET state = v.state, due_at = coalesce(v.due_at, d.due_at), follow_at = v.follow_at, attempts = d.attempts + v.tries,
    holder = NULL, lease_until = NULL, reason = v.reason, detail = v.detail, language = coalesce(v.language, d.language),
    provider_id = coalesce(v.provider_id, d.provider_id), digest = coalesce(v.digest, d.digest),
    handed_at = coalesce(v.handed_at, d.handed_at), ended_at = v.ended_at,
    trail = CASE WHEN jsonb_array_length(d.trail) >= 24 THEN d.trail - 1 ELSE d.trail END || v.entry::jsonb
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[], $9::text[],
            $10::timestamptz[], $11::timestamptz[], $12::int[], $13::text[], $14::text[], $15::text[], $16::text[],
            $17::bytea[], $18::timestamptz[], $19::timestamptz[], $20::text[])
    AS v(tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, epoch, state, due_at, follow_at, tries,
         reason, detail, language, provider_id, digest, handed_at, ended_at, entry)
WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
  AND d.message = v.message AND d.occasion = v.occasion AND d.channel = v.channel AND d.occasion_on = v.occasion_on
  AND d.epoch = v.epoch AND (d.state = 'sending' OR d.state = 'postponed' AND d.reason = 'lease_ended')
RETURNING d.delivery_id;

-- name: sent_before
-- What members were handed behind $4, and what is being sent to them now, by purpose.
SELECT d.member_id, d.purpose, d.delivery_id, d.handed_at, d.state = 'sending' AS sending
FROM notifier.delivery d
WHERE d.tenant_id = $1 AND d.programme_id = $2 AND d.member_id = ANY ($3::uuid[]) AND d.occasion_on >= $5::date
  AND (d.handed_at > $4 OR d.state = 'sending');

-- name: reached
-- Those of some occasions whose member another channel has reached before.
SELECT v.delivery_id
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::date[], $7::smallint[], $8::uuid[], $9::boolean[])
    AS v(tenant_id, programme_id, member_id, message, occasion, occasion_on, place, delivery_id, opened)
WHERE EXISTS (
    SELECT FROM notifier.delivery d
    WHERE d.tenant_id = v.tenant_id AND d.programme_id = v.programme_id AND d.member_id = v.member_id
      AND d.message = v.message AND d.occasion = v.occasion AND d.occasion_on = v.occasion_on AND d.place < v.place
      AND d.state = ANY (CASE WHEN v.opened THEN '{opened,clicked}'::text[] ELSE '{handed,delivered,opened,clicked}' END));

-- name: following
-- Deliveries that were handed over, and whose next channel is due by $1; the mark is taken away.
WITH due AS (
    SELECT d.tenant_id, d.programme_id, d.member_id, d.message, d.occasion, d.channel, d.occasion_on
    FROM notifier.delivery d
    WHERE d.follow_at <= $1
    ORDER BY d.follow_at
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifier.delivery d SET follow_at = NULL
FROM due
WHERE d.tenant_id = due.tenant_id AND d.programme_id = due.programme_id AND d.member_id = due.member_id
  AND d.message = due.message AND d.occasion = due.occasion AND d.channel = due.channel AND d.occasion_on = due.occasion_on
RETURNING d.tenant_id, d.programme_id, d.member_id, d.message, d.occasion, d.channel, d.occasion_on, d.delivery_id,
          d.purpose, d.route, d.place, d.spread, d.facts::text AS facts, d.useful_until, d.attempts, d.epoch, d.lapses,
          d.state;

-- name: backlog
-- By channel: how many are due by $1, how old the oldest is in seconds, and how many are in hand.
SELECT d.channel, count(*) FILTER (WHERE d.state <> 'sending') AS waiting, count(*) FILTER (WHERE d.state = 'sending') AS sending,
       coalesce(extract(epoch FROM $1 - min(d.due_at) FILTER (WHERE d.state <> 'sending')), 0)::float AS oldest
FROM notifier.delivery d
WHERE d.state IN ('waiting', 'postponed') AND d.due_at <= $1 OR d.state = 'sending'
GROUP BY d.channel;

-- name: channels_due
-- Of some channels, those of which something is due.
SELECT c.channel FROM unnest($1::text[]) AS c(channel)
WHERE EXISTS (SELECT FROM notifier.delivery d
              WHERE d.channel = c.channel AND d.state IN ('waiting', 'postponed') AND d.due_at <= $2);
