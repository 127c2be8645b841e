-- Sessions at the console whose owners have signed out, until no copy of their cookie could count any more.
CREATE TABLE gateway.session_ended (
    tenant_id int NOT NULL,
    session_id bytea NOT NULL CHECK (length(session_id) = 16),
    until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, session_id)
);

-- The door looks a session up as it does with a key: by one statement, before a transaction knows its tenant.
SELECT platform.protect('gateway.session_ended', ARRAY['pointstream_operator', 'pointstream_gateway']);
GRANT SELECT, INSERT, DELETE ON gateway.session_ended TO pointstream_gateway;
