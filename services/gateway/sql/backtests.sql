-- Backtests that were asked for, and how far they are.

-- name: open_count
SELECT count(*) FROM gateway.backtest WHERE tenant_id = $1 AND ended_at IS NULL;

-- name: keep
-- Nothing comes back when the same question is open.
INSERT INTO gateway.backtest
    (tenant_id, backtest_id, programme_id, programme, document, hash, version, since, until, against, point_values,
     sameness, asked_by, asked_at, state)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, 'waiting')
ON CONFLICT (tenant_id, sameness) WHERE state IN ('waiting', 'running') DO NOTHING
RETURNING backtest_id;

-- name: same
SELECT backtest_id FROM gateway.backtest WHERE tenant_id = $1 AND sameness = $2 AND state IN ('waiting', 'running');

-- name: backtest
SELECT backtest_id, programme, hash, version, since, until, against, asked_by, asked_at, state, stage, done, total, items,
       ended_at, failure, summary::text, (summary #>> '{members,better}')::bigint AS better,
       (summary #>> '{members,worse}')::bigint AS worse
FROM gateway.backtest
WHERE tenant_id = $1 AND backtest_id = $2;

-- name: backtests
-- Newest first, since ids grow with time. Summaries are long, and told one by one.
SELECT backtest_id, programme, hash, version, since, until, against, asked_by, asked_at, state, stage, done, total, items,
       ended_at, failure, NULL AS summary, (summary #>> '{members,better}')::bigint AS better,
       (summary #>> '{members,worse}')::bigint AS worse
FROM gateway.backtest
WHERE tenant_id = $1 AND backtest_id < $2
ORDER BY backtest_id DESC
LIMIT $3;

-- name: part
SELECT body FROM gateway.backtest_part WHERE tenant_id = $1 AND backtest_id = $2 AND name = $3 AND number = $4;

-- name: cancel
UPDATE gateway.backtest SET state = 'cancelled', ended_at = $3, lease_until = NULL
WHERE tenant_id = $1 AND backtest_id = $2 AND ended_at IS NULL;

-- name: to_be_taken
-- The one that a gateway left behind, else the oldest that waits, unless somebody works on one.
SELECT b.backtest_id
FROM gateway.backtest b
WHERE b.tenant_id = $1 AND b.ended_at IS NULL AND (b.lease_until IS NULL OR b.lease_until <= $2)
  AND NOT EXISTS (
      SELECT FROM gateway.backtest o
      WHERE o.tenant_id = $1 AND o.state = 'running' AND o.backtest_id <> b.backtest_id
  )
ORDER BY b.asked_at, b.backtest_id
LIMIT 1;

-- name: take
UPDATE gateway.backtest
SET state = 'running', epoch = epoch + 1, lease_until = $4
WHERE tenant_id = $1 AND backtest_id = $2 AND ended_at IS NULL AND (lease_until IS NULL OR lease_until <= $3)
RETURNING epoch, programme_id, document::text, since, until, against, point_values::text;

-- name: hold_on
UPDATE gateway.backtest SET lease_until = $4
WHERE tenant_id = $1 AND backtest_id = $2 AND epoch = $3 AND ended_at IS NULL
RETURNING epoch;

-- name: let_go
UPDATE gateway.backtest SET lease_until = NULL
WHERE tenant_id = $1 AND backtest_id = $2 AND epoch = $3 AND ended_at IS NULL;

-- name: move
UPDATE gateway.backtest SET stage = $4, done = $5, total = $6, items = $7
WHERE tenant_id = $1 AND backtest_id = $2 AND epoch = $3 AND ended_at IS NULL;

-- name: finish
UPDATE gateway.backtest SET state = 'done', ended_at = $4, summary = $5::jsonb, lease_until = NULL
WHERE tenant_id = $1 AND backtest_id = $2 AND epoch = $3 AND ended_at IS NULL
RETURNING epoch;

-- name: add_part
INSERT INTO gateway.backtest_part (tenant_id, backtest_id, name, number, body) VALUES ($1, $2, $3, $4, $5);

-- name: fail
UPDATE gateway.backtest SET state = 'failed', ended_at = $4, failure = $5, lease_until = NULL
WHERE tenant_id = $1 AND backtest_id = $2 AND epoch = $3 AND ended_at IS NULL;

-- name: forgettable
SELECT backtest_id FROM gateway.backtest WHERE tenant_id = $1 AND ended_at <= $2 LIMIT 20;

-- name: forget_parts
DELETE FROM gateway.backtest_part WHERE tenant_id = $1 AND backtest_id = $2;

-- name: forget
DELETE FROM gateway.backtest WHERE tenant_id = $1 AND backtest_id = $2;
