-- What the HTTP door keeps of requests that move points.

-- One row for each Idempotency-Key of a credential and an operation. While the request runs there is no answer; then the
-- first answer is kept, and given again to whoever repeats the request. Only digests of the key and of the request are
-- kept. `attempt` counts who took the row over, so that one who was given up writes nothing any more.
CREATE TABLE gateway.idempotency (
    tenant_id int NOT NULL,
    credential text NOT NULL,
    operation text NOT NULL,
    key_digest bytea NOT NULL CHECK (length(key_digest) = 32),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    attempt int NOT NULL CHECK (attempt > 0),
    started_at timestamptz NOT NULL,
    status smallint,
    location text,
    body bytea,
    PRIMARY KEY (tenant_id, credential, operation, key_digest),
    CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_by_age ON gateway.idempotency (tenant_id, started_at);

SELECT platform.protect('gateway.idempotency', '{}');
GRANT SELECT, INSERT, DELETE ON gateway.idempotency TO pointstream_gateway;
GRANT UPDATE (fingerprint, attempt, started_at, status, location, body) ON gateway.idempotency TO pointstream_gateway;

-- The longest prefix of a source names the tenant. Were one tenant's prefix below another's, what the other may write
-- would be taken for the first one's; so the door may rely on a tenant's own prefixes alone.
CREATE FUNCTION platform.refuse_foreign_source() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('platform.source', 0));
    IF EXISTS (SELECT FROM platform.source s
               WHERE s.tenant_id <> NEW.tenant_id
                 AND (starts_with(s.source_prefix, NEW.source_prefix || '/')
                      OR starts_with(NEW.source_prefix, s.source_prefix || '/'))) THEN
        RAISE EXCEPTION 'the source % lies above or below one of another tenant', NEW.source_prefix
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_foreign_source BEFORE INSERT OR UPDATE ON platform.source
    FOR EACH ROW EXECUTE FUNCTION platform.refuse_foreign_source();
