-- Files that are sent over HTTP: how far each was taken in, and which of its rows were refused. Their bytes lie in the
-- gateway's directory, never here.

-- `line`, `place` and the counts tell up to where everything was published, reported and acknowledged; there a gateway
-- goes on. The lease says which one works on the file, `epoch` counts who took it over, so that one who was given up
-- writes nothing any more. `began_…` is where that one began, for the rate.
CREATE TABLE gateway.file (
    tenant_id int NOT NULL,
    file_id uuid NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    form text NOT NULL CHECK (form IN ('csv', 'jsonl')),
    encoding text NOT NULL,
    delimiter text,
    mapping jsonb,
    enrols boolean NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    sameness bytea NOT NULL CHECK (length(sameness) = 32),
    size bigint NOT NULL CHECK (size >= 0),
    received_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    ended_at timestamptz,
    failure text,
    line bigint NOT NULL DEFAULT 0,
    place bigint NOT NULL DEFAULT 0,
    bytes_read bigint NOT NULL DEFAULT 0,
    read bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    moved_at timestamptz,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    began_at timestamptz,
    began_read bigint NOT NULL DEFAULT 0,
    began_bytes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, file_id),
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running')))
);
-- The same content, read in the same way, is the same file; one that failed or was cancelled may be sent again.
CREATE UNIQUE INDEX file_once ON gateway.file (tenant_id, sameness) WHERE state NOT IN ('failed', 'cancelled');
CREATE INDEX file_open ON gateway.file (tenant_id, received_at) WHERE ended_at IS NULL;
CREATE INDEX file_by_age ON gateway.file (tenant_id, received_at);

-- Refused rows in the order of the file: where and why, and nothing of what they hold.
CREATE TABLE gateway.file_reject (
    tenant_id int NOT NULL,
    file_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    line bigint NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (tenant_id, file_id, number)
);

SELECT platform.protect(name::regclass, '{}') FROM unnest(ARRAY['gateway.file', 'gateway.file_reject']) AS name;
GRANT SELECT, INSERT, DELETE ON gateway.file TO pointstream_gateway;
GRANT UPDATE (state, ended_at, failure, line, place, bytes_read, read, published, rejected, moved_at, epoch, lease_until,
              began_at, began_read, began_bytes) ON gateway.file TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON gateway.file_reject TO pointstream_gateway;
