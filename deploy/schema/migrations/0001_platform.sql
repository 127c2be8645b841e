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

-- A registered source names its tenant; the longest prefix that ends at a segment wins.
CREATE TABLE platform.source (
    source_prefix text PRIMARY KEY CHECK (source_prefix ~ '^/[^ ]*[^/ ]$'),
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    FOREIGN KEY (tenant_id, programme_id) REFERENCES platform.programme
);

-- What the running transaction may see; unset means nothing.
CREATE FUNCTION platform.current_tenant() RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('pointstream.tenant', true), '')::int;
