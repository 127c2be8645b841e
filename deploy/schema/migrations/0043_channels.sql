-- Webhooks: who wants to hear of what, what they are told, and every attempt. Times of attempts are the machine's.

-- An endpoint that is `off` is told nothing; what waits for it waits on. `gone` is one that answered 410. The secret is
-- sealed; the one of before signs too until `old_until`. Nothing goes there before `paused_until`, as it asked.
CREATE TABLE notifier.webhook_endpoint (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    url text NOT NULL,
    event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
    style text NOT NULL CHECK (style IN ('thin', 'full')),
    description text NOT NULL,
    secret bytea NOT NULL,
    old_secret bytea,
    old_until timestamptz,
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off', 'gone')),
    state_at timestamptz NOT NULL,
    paused_until timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);

-- What an endpoint is told, once an event. `failed` counts the attempts since it was last asked for, `attempts` all of them.
-- The lease says who is at it; `epoch` counts who took it, so that one who was given up writes nothing any more.
CREATE TABLE notifier.webhook_message (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    body bytea NOT NULL CHECK (length(body) < 20000),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    due_at timestamptz NOT NULL,
    failed int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    ended_at timestamptz,
    epoch int NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id, message_id),
    CHECK ((ended_at IS NULL) = (state = 'waiting'))
) WITH (fillfactor = 80);
CREATE INDEX webhook_message_due ON notifier.webhook_message (tenant_id, endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_message_queued ON notifier.webhook_message (tenant_id, endpoint_id, queued_at, message_id);
CREATE INDEX webhook_message_occurred ON notifier.webhook_message (tenant_id, endpoint_id, occurred_at, message_id);
CREATE INDEX webhook_message_ended ON notifier.webhook_message (ended_at) WHERE ended_at IS NOT NULL;

-- One attempt: what was answered, or why nothing was. Of the answer no more than a kilobyte of text is kept.
CREATE TABLE notifier.webhook_attempt (
    tenant_id int NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    number int NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    took_ms int NOT NULL CHECK (took_ms >= 0),
    outcome text NOT NULL CHECK (outcome IN ('delivered', 'failed', 'gone')),
    status int,
    why text NOT NULL,
    answer text NOT NULL CHECK (length(answer) <= 1024),
    PRIMARY KEY (tenant_id, endpoint_id, message_id, number)
);

-- Whoever carries messages for a company, one a channel: which kind of provider, and its settings with the credentials, sealed.
-- Workers read it again when the version has changed.
CREATE TABLE notifier.provider (
    tenant_id int NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push', 'web_push', 'http', 'file')),
    kind text NOT NULL,
    settings bytea NOT NULL,
    version int NOT NULL DEFAULT 1,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    PRIMARY KEY (tenant_id, channel)
);

-- What a member finds in the app, and what a till shows: the words, sealed, until they are read or have expired.
CREATE TABLE notifier.inbox (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    message_id uuid NOT NULL,
    place text NOT NULL CHECK (place IN ('inbox', 'till')),
    words bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz,
    read_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, message_id),
    CHECK (expires_at > sent_at)
);
CREATE INDEX inbox_newest ON notifier.inbox (tenant_id, programme_id, member_id, place, sent_at DESC, message_id DESC);

-- What text messages of a company have cost on a day of the clock, in segments: no more are sent than its cap allows.
CREATE TABLE notifier.sms_day (
    tenant_id int NOT NULL,
    day date NOT NULL,
    segments bigint NOT NULL CHECK (segments >= 0),
    refused bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.webhook_endpoint', 'notifier.webhook_message', 'notifier.webhook_attempt', 'notifier.provider',
                  'notifier.inbox', 'notifier.sms_day']) AS name;

GRANT USAGE ON SCHEMA notifier TO pointstream_gateway;
GRANT SELECT ON notifier.webhook_endpoint, notifier.provider TO pointstream_notifier;
GRANT UPDATE (state, state_at, paused_until) ON notifier.webhook_endpoint TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.webhook_message, notifier.webhook_attempt, notifier.inbox TO pointstream_notifier;
GRANT UPDATE (state, due_at, failed, attempts, ended_at, epoch, lease_until) ON notifier.webhook_message
    TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (segments, refused) ON notifier.sms_day TO pointstream_notifier;

GRANT SELECT, INSERT, DELETE ON notifier.webhook_endpoint, notifier.webhook_message TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (url, event_types, style, description, secret, old_secret, old_until, state, state_at, paused_until)
    ON notifier.webhook_endpoint TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (state, due_at, failed, ended_at) ON notifier.webhook_message TO pointstream_gateway, pointstream_operator;
GRANT SELECT, DELETE ON notifier.webhook_attempt TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, DELETE, UPDATE (kind, settings, version, set_at, set_by) ON notifier.provider
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (read_at) ON notifier.inbox TO pointstream_gateway;
GRANT SELECT ON notifier.sms_day TO pointstream_gateway, pointstream_operator;
