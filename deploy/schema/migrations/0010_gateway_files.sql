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

-- What a request needs of the database before it is published, in one call: whether its key is free, which of its sources
-- the tenant may write under, and which of its events were taken already. The key is not taken when there is nothing to
-- take it for: unless `p_take`, or for the one event of a request (`p_alone`) that is refused. A key that somebody has comes
-- back with its request and answer.
CREATE FUNCTION gateway.begin_request(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_fingerprint bytea,
    p_now timestamptz, p_given_up timestamptz, p_forgotten timestamptz, p_take boolean, p_alone boolean,
    p_sources text[], p_event_keys uuid[], p_body_hashes bigint[],
    OUT attempt int, OUT refused boolean, OUT registered text[], OUT known_keys uuid[], OUT known_hashes bigint[],
    OUT holder bytea, OUT status smallint, OUT location text, OUT body bytea
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    tried int;
    found text[];
    mine boolean;
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);

    -- At or below a registered prefix. No other tenant's can lie in between.
    SELECT coalesce(array_agg(asked.source), '{}') INTO found
    FROM unnest(p_sources) AS asked(source)
    WHERE EXISTS (
        SELECT FROM platform.source s
        WHERE s.tenant_id = p_tenant
          AND (asked.source = s.source_prefix OR starts_with(asked.source, s.source_prefix || '/'))
    );
    registered := found;

    SELECT array_agg(i.event_key), array_agg(i.body_hash), bool_and(i.body_hash = v.body_hash)
    INTO known_keys, known_hashes, mine
    FROM unnest(p_event_keys, p_body_hashes) AS v(event_key, body_hash)
    JOIN earning.inbox i ON i.tenant_id = p_tenant AND i.event_key = v.event_key;

    refused := p_alone AND (cardinality(found) < cardinality(p_sources) OR NOT coalesce(mine, true));
    IF p_take AND NOT refused THEN
        -- Free if it is new, if its answer is old, or if a run of the same request was given up.
        INSERT INTO gateway.idempotency AS i
            (tenant_id, credential, operation, key_digest, fingerprint, attempt, started_at)
        VALUES (p_tenant, p_credential, p_operation, p_key, p_fingerprint, 1, p_now)
        ON CONFLICT (tenant_id, credential, operation, key_digest) DO UPDATE
        SET fingerprint = excluded.fingerprint, attempt = i.attempt + 1, started_at = excluded.started_at,
            status = NULL, location = NULL, body = NULL
        WHERE (i.status IS NULL AND i.started_at <= p_given_up AND i.fingerprint = excluded.fingerprint)
           OR i.started_at <= p_forgotten
        RETURNING i.attempt INTO tried;
        attempt := tried;
    END IF;
    IF tried IS NULL THEN
        -- A later statement, so that it sees what the transaction that was waited for has left.
        SELECT i.fingerprint, i.status, i.location, i.body INTO holder, status, location, body
        FROM gateway.idempotency i
        WHERE i.tenant_id = p_tenant AND i.credential = p_credential AND i.operation = p_operation
          AND i.key_digest = p_key AND i.started_at > p_forgotten
          AND NOT (i.status IS NULL AND i.started_at <= p_given_up AND i.fingerprint = p_fingerprint);
    END IF;
END $$;

-- Keeps the answer to a request, unless another attempt has taken over. Nobody waits for the disk: the events are at the
-- broker, and an answer that dies with the server is given again as that to an event which is known.
CREATE FUNCTION gateway.keep_answer(
    p_tenant int, p_credential text, p_operation text, p_key bytea, p_attempt int,
    p_status smallint, p_location text, p_body bytea
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true), set_config('synchronous_commit', 'off', true);
    UPDATE gateway.idempotency i SET status = p_status, location = p_location, body = p_body
    WHERE i.tenant_id = p_tenant AND i.credential = p_credential AND i.operation = p_operation
      AND i.key_digest = p_key AND i.attempt = p_attempt;
END $$;
