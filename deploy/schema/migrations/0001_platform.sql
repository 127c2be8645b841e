-- Tenants, programmes, sources: what every service reads and only operators write.
CREATE SCHEMA platform;

CREATE TABLE platform.tenant (
    tenant_id int PRIMARY KEY CHECK (tenant_id > 0),
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL
);

CREATE TABLE platform.programme (
    tenant_id int NOT NULL REFERENCES platform.tenant,
    programme_id int NOT NULL CHECK (programme_id > 0),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (tenant_id, programme_id),
    UNIQUE (tenant_id, slug)
);

-- A version is judged by event time: the one in force is the last whose active_from is not after it.
CREATE TABLE platform.programme_version (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    version int NOT NULL CHECK (version > 0),
    active_from timestamptz NOT NULL,
    document jsonb NOT NULL,
    hash text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, version),
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- A registered source names its tenant; the longest prefix that ends at a segment wins. A mapping says how the plain JSON
-- of this source is read; without one it speaks CloudEvents.
CREATE TABLE platform.source (
    source_prefix text PRIMARY KEY CHECK (source_prefix ~ '^/[^ ]*[^/ ]$' AND source_prefix !~ '^/pointstream(/|$)'),
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mapping jsonb,
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- What one unit of a currency is worth in the programme's own, times 10^9. Never changed: a correction is a new version.
-- A receipt takes the last rate that was valid at its time, and of several the highest version.
CREATE TABLE platform.exchange_rate (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version int NOT NULL CHECK (version > 0),
    rate_e9 bigint NOT NULL CHECK (rate_e9 > 0),
    valid_from timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, currency, version),
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- What the running transaction may see; unset means nothing.
CREATE FUNCTION platform.current_tenant() RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('pointstream.tenant', true), '')::int;
