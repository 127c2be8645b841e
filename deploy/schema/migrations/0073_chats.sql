-- What members and the staff of a programme write to each other. The words are sealed under the member's own key.

-- Whether members may write, what they are greeted with, and answers that are ready.
CREATE TABLE gateway.chat_desk (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    document jsonb NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

-- One talk a member. `state_by` is null where nobody of the staff turned it; `member_read` is the last message that the member
-- has seen, `member_told` the last answer that they were told of while they were away; `unread` counts what waits for an answer since
-- `unread_since`; `change` grows with whatever happens.
CREATE TABLE gateway.chat (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    state_at timestamptz NOT NULL,
    state_by text,
    assigned_key text,
    assigned_to text,
    unread int NOT NULL CHECK (unread >= 0),
    unread_since timestamptz,
    last_at timestamptz NOT NULL,
    member_read bigint NOT NULL,
    member_told bigint NOT NULL DEFAULT 0,
    seen_at timestamptz,
    change int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id),
    CHECK ((unread > 0) = (unread_since IS NOT NULL)),
    CHECK ((assigned_key IS NULL) = (assigned_to IS NULL)),
    CHECK (state = 'open' OR unread = 0)
);
CREATE INDEX chat_last ON gateway.chat (tenant_id, last_at);
CREATE INDEX chat_open ON gateway.chat (tenant_id, last_at) WHERE state = 'open';
CREATE INDEX chat_closed ON gateway.chat (tenant_id, state_at) WHERE state = 'closed';

-- `said_by` is null where the member said it.
CREATE TABLE gateway.chat_message (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    message_id uuid NOT NULL,
    said_by text,
    sealed bytea NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, number),
    UNIQUE (tenant_id, programme_id, member_id, message_id)
);

SELECT platform.protect('gateway.chat_desk', ARRAY[]::text[]);
SELECT platform.protect('gateway.chat', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.chat_message', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT, UPDATE (document, kept_by, kept_at) ON gateway.chat_desk TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE, UPDATE (state, state_at, state_by, assigned_key, assigned_to, unread, unread_since, last_at,
                                      member_read, member_told, seen_at, change)
    ON gateway.chat TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON gateway.chat_message TO pointstream_gateway;
-- Whoever erases a member takes away what the member talked about.
GRANT SELECT, DELETE ON gateway.chat, gateway.chat_message TO pointstream_operator;
