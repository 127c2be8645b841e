-- name: seed
-- Two tenants, each with a programme, its version and a till source.
WITH asked AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS v(tenant_id, programme_id, slug, source, document, hash)
), tenant AS (
    INSERT INTO platform.tenant (tenant_id, slug, name) SELECT tenant_id, slug, slug FROM asked
), programme AS (
    INSERT INTO platform.programme (tenant_id, programme_id, slug, name, zone, currency)
    SELECT tenant_id, programme_id, 'main', slug, 'Europe/Rome', 'USD' FROM asked
), source AS (
    INSERT INTO platform.source (source_prefix, tenant_id, programme_id) SELECT source, tenant_id, programme_id FROM asked
)
INSERT INTO platform.programme_version (tenant_id, programme_id, version, active_from, document, hash, recorded_at)
SELECT tenant_id, programme_id, 1, '2016-01-01T00:00:00Z', document::jsonb, hash, '2016-01-01T00:00:00Z' FROM asked;

-- name: replace_programmes
UPDATE platform.programme_version p SET document = v.document::jsonb, hash = v.hash
FROM unnest($1::int[], $2::int[], $3::text[], $4::text[]) AS v(tenant_id, programme_id, document, hash)
WHERE p.tenant_id = v.tenant_id AND p.programme_id = v.programme_id;

-- name: enrol
-- By the platform's own functions: now, tenants, programmes, members, spreads, tiers, times, identifiers.
SELECT earning.enrol_members($1, $2, $3, $4, $5, $6, $7),
       earning.tie_identifiers($1, $2, $3, $8, array_fill(NULL::uuid, ARRAY[cardinality($4::uuid[])]), $4);

-- name: vacuum_members
VACUUM (ANALYZE) members.member, members.identifier, ledger.member;

-- name: checkpoint
CHECKPOINT;

-- name: progress
SELECT coalesce(sum(next_offset), 0)::bigint AS consumed, count(DISTINCT owner) AS owners, count(*) AS partitions
FROM stream.position WHERE consumer = 'earning.purchases';

-- name: unpublished
SELECT coalesce(sum(next_seq - 1 - published_seq), 0)::bigint FROM stream.outbox_shard;

-- name: totals
SELECT (SELECT count(*) FROM earning.inbox) AS inbox,
       (SELECT count(*) FROM ledger.lot) AS lots,
       (SELECT coalesce(sum(amount), 0)::bigint FROM ledger.lot) AS credited,
       (SELECT coalesce(sum(remaining), 0)::bigint FROM ledger.lot) AS points,
       (SELECT coalesce(sum(seq), 0)::bigint FROM ledger.member) AS heads,
       (SELECT count(*) FROM stream.dead_letter) AS dead_letters,
       (SELECT coalesce(sum(count), 0)::bigint FROM stream.outbox) AS events,
       (SELECT count(DISTINCT counter_key) FROM earning.counter) AS counters;

-- name: balances
SELECT member_id, sum(remaining)::bigint AS points FROM ledger.lot GROUP BY member_id;

-- name: size
SELECT pg_database_size(current_database());

-- name: give_lots
-- So many lots for each member, a month apart, as if they had bought for a while.
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause)
SELECT m.tenant_id, m.programme_id, m.member_id, n, 'points', 40 + n, 40 + n, $2::timestamptz - n * interval '30 days',
       $2::timestamptz - n * interval '30 days', $2::timestamptz + interval '1 year', $2, 1, gen_random_uuid()
FROM ledger.member m, generate_series(1, $1::int) AS n;

-- name: count_lots
UPDATE ledger.member SET seq = $1::int;

-- name: vacuum_lots
VACUUM (ANALYZE) ledger.lot, ledger.member;

-- name: api_key
INSERT INTO gateway.api_key (key_id, tenant_id, name, digest, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: foreseen_members
-- So many members ($1) of the first tenant, one in five of a tier each; one in a hundred owes and waits for points.
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread, tier, lapses_at, activates_at, owing)
SELECT 1, 1, md5('member' || n)::uuid, $2, n, (ARRAY['gold', 'silver', 'bronze', 'plus', NULL])[1 + n % 5],
       $3::timestamptz + interval '10 days', CASE WHEN n % 100 = 0 THEN $3 + interval '3 days' END, n % 100 = 0
FROM generate_series(1, $1::int) AS n;

-- name: foreseen_lots
-- So many lots ($2) each of these members ($1), earned in the two years before $3, that lapse at the ends of quarters.
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause, pending)
SELECT 1, 1, md5('member' || n)::uuid, s, 'points', 100 + n % 900, 100 + n % 900 - s % 3, e.at,
       CASE WHEN n % 100 = 0 AND s = $2 THEN $3 + interval '3 days' ELSE e.at END,
       date_trunc('quarter', $3) + interval '3 months' * (1 + s % 8), e.at, 1, md5(n || '/' || s)::uuid,
       n % 100 = 0 AND s = $2
FROM generate_series(1, $1::int) AS n, generate_series(1, $2::int) AS s,
     LATERAL (SELECT $3::timestamptz - interval '1 day' * ((n * 7 + s * 97) % 730) AS at) AS e;

-- name: foreseen_debts
INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since)
SELECT 1, 1, md5('member' || n)::uuid, 'points', 50, $2 FROM generate_series(100, $1::int, 100) AS n;

-- name: foreseen_inbox
-- What earned each of them lies on a page with 31 others.
INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at)
SELECT 1, md5(n || '/' || s)::uuid, 0, ((n - 1) * $2 + s - 1) / 32, $3
FROM generate_series(1, $1::int) AS n, generate_series(1, $2::int) AS s;

-- name: foreseen_sum
-- What any forecast has to do at least: look at every lot, and add up by date.
SELECT l.expires_at, count(*), sum(l.remaining - l.held) FROM ledger.lot l
WHERE l.tenant_id = 1 AND l.programme_id = 1 AND l.remaining > 0
GROUP BY l.expires_at;

-- name: foreseen_vacuum
VACUUM ANALYZE ledger.lot, ledger.member, earning.inbox, earning.decision_page;
