-- The HTTP door's own tables, and the schemas of the services whose work comes later.
CREATE SCHEMA gateway;
CREATE SCHEMA redemption;
CREATE SCHEMA expiry;
CREATE SCHEMA notifier;

-- Only a digest is kept: the key itself is shown once. A fast hash is right for 256 random bits.
CREATE TABLE gateway.api_key (
    key_id text PRIMARY KEY,
    tenant_id int NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
