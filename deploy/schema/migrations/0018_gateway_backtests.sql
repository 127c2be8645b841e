-- Backtests that are asked for over HTTP: what was asked, how far each is, and what came of it. The copy of the history
-- that one is judged on lies in the directory of the gateway that works on it, never here.

-- The lease says which gateway works on it; `epoch` counts who took it over, so that one who was given up writes nothing
-- any more. `done` of `total` is how far its `stage` is, `items` how many receipts and activities that were.
CREATE TABLE gateway.backtest (
    tenant_id int NOT NULL,
    backtest_id uuid NOT NULL,
    programme_id int NOT NULL,
    programme text NOT NULL,
    document jsonb NOT NULL,
    hash text NOT NULL,
    version int,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    against int,
    point_values jsonb NOT NULL,
    sameness bytea NOT NULL CHECK (length(sameness) = 32),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    stage text CHECK (stage IN ('copy', 'judge', 'bind')),
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    items bigint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    failure text,
    summary jsonb,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (tenant_id, backtest_id),
    CHECK (since < until),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
    CHECK ((summary IS NULL) = (state <> 'done'))
);
-- One of a company runs at a time, and the same question is asked once until it has its answer.
CREATE UNIQUE INDEX backtest_running ON gateway.backtest (tenant_id) WHERE state = 'running';
CREATE UNIQUE INDEX backtest_once ON gateway.backtest (tenant_id, sameness) WHERE state IN ('waiting', 'running');

-- What a backtest leaves behind for reading: the table of members and the page, in pieces.
CREATE TABLE gateway.backtest_part (
    tenant_id int NOT NULL,
    backtest_id uuid NOT NULL,
    name text NOT NULL CHECK (name IN ('members.csv', 'report.html')),
    number int NOT NULL CHECK (number >= 0),
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, backtest_id, name, number)
);

SELECT platform.protect(name::regclass, '{}') FROM unnest(ARRAY['gateway.backtest', 'gateway.backtest_part']) AS name;
GRANT SELECT, INSERT, DELETE ON gateway.backtest, gateway.backtest_part TO pointstream_gateway;
GRANT UPDATE (state, stage, done, total, items, ended_at, failure, summary, epoch, lease_until) ON gateway.backtest
    TO pointstream_gateway;
