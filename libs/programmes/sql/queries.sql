-- name: one_publisher
-- Whoever adds a version or turns a switch is alone with the programme until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(format('programme %s %s', $1::int, $2::int), 0));

-- name: versions
SELECT version AS number, active_from, hash, recorded_at, published_by, note, summary, restores
FROM platform.programme_version
WHERE tenant_id = $1 AND programme_id = $2
ORDER BY version;

-- name: documents
SELECT version, document
FROM platform.programme_version
WHERE tenant_id = $1 AND programme_id = $2 AND version = ANY ($3::int[]);

-- name: add_version
INSERT INTO platform.programme_version
    (tenant_id, programme_id, version, active_from, document, hash, recorded_at, published_by, note, summary, restores)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11);

-- name: add_rates
-- A rate that is in force already from the same instant makes no new version.
WITH asked AS (
    SELECT v.currency, v.rate_e9, v.valid_from, v.ord
    FROM unnest($3::text[], $4::bigint[], $5::timestamptz[]) WITH ORDINALITY AS v(currency, rate_e9, valid_from, ord)
), news AS (
    SELECT a.* FROM asked a
    WHERE NOT EXISTS (
        SELECT FROM platform.exchange_rate r
        WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.currency = a.currency
          AND r.valid_from = a.valid_from AND r.rate_e9 = a.rate_e9
          AND NOT EXISTS (
              SELECT FROM platform.exchange_rate later
              WHERE later.tenant_id = $1 AND later.programme_id = $2 AND later.currency = a.currency
                AND later.valid_from = a.valid_from AND later.version > r.version
          )
    )
)
INSERT INTO platform.exchange_rate (tenant_id, programme_id, currency, version, rate_e9, valid_from, recorded_at)
SELECT $1, $2, n.currency,
       coalesce((SELECT max(r.version) FROM platform.exchange_rate r
                 WHERE r.tenant_id = $1 AND r.programme_id = $2 AND r.currency = n.currency), 0)
       + row_number() OVER (PARTITION BY n.currency ORDER BY n.ord),
       n.rate_e9, n.valid_from, $6
FROM news n
RETURNING currency, version, rate_e9, valid_from;

-- name: switches
-- Those that are off, or all that ever were; newest first.
SELECT turn, kind, value, off_at, off_by, off_note, on_at, on_by, on_note
FROM platform.kill_switch
WHERE tenant_id = $1 AND programme_id = $2 AND ($3 OR on_at IS NULL)
ORDER BY turn DESC
LIMIT $4;

-- name: switch_off
INSERT INTO platform.kill_switch (tenant_id, programme_id, turn, kind, value, off_at, off_by, off_note)
SELECT $1, $2, coalesce(max(s.turn), 0) + 1, $3, $4, $5, $6, $7
FROM platform.kill_switch s
WHERE s.tenant_id = $1 AND s.programme_id = $2
RETURNING turn, kind, value, off_at, off_by, off_note, on_at, on_by, on_note;

-- name: switch_on
UPDATE platform.kill_switch SET on_at = $5, on_by = $6, on_note = $7
WHERE tenant_id = $1 AND programme_id = $2 AND kind = $3 AND value = $4 AND on_at IS NULL
RETURNING turn, kind, value, off_at, off_by, off_note, on_at, on_by, on_note;

-- name: counters
SELECT counter_key, used
FROM earning.counter
WHERE tenant_id = $1 AND programme_id = $2 AND counter_key = ANY ($3::text[]);
