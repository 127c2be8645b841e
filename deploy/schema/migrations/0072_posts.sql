-- Posts on a company's own pages on a network: written, approved, published page by page. No member is in them.

ALTER TABLE notifier.provider DROP CONSTRAINT provider_channel_check;
ALTER TABLE notifier.provider ADD CONSTRAINT provider_channel_check
    CHECK (channel IN ('email', 'sms', 'push', 'web_push', 'http', 'file', 'social'));

CREATE TABLE notifier.post (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    post_id uuid NOT NULL,
    digest bytea NOT NULL, -- of the request, to tell a repeat from another one
    name text NOT NULL,
    wanted jsonb NOT NULL,
    state text NOT NULL
        CHECK (state IN ('draft', 'awaiting_approval', 'refused', 'scheduled', 'published', 'failed', 'cancelled')),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    starts_at timestamptz,
    sent_by text,
    sent_at timestamptz,
    two_people boolean NOT NULL DEFAULT false,
    decided_by text,
    decided_at timestamptz,
    begins_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, post_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('refused', 'published', 'failed', 'cancelled')))
);
CREATE INDEX post_newest ON notifier.post (tenant_id, made_at DESC, post_id DESC);
CREATE INDEX post_begins ON notifier.post (made_at) WHERE state = 'scheduled' AND begins_at IS NULL;

-- A post on one page. `tried_at` is the first attempt by the machine's clock: from there on a page is searched for it.
CREATE TABLE notifier.post_page (
    tenant_id int NOT NULL,
    post_id uuid NOT NULL,
    page text NOT NULL,
    publication_id uuid NOT NULL,
    language text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'published', 'failed', 'cancelled')),
    attempts int NOT NULL DEFAULT 0,
    tried_at timestamptz,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    provider_id text,
    reason text,
    detail text,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, post_id, page),
    UNIQUE (tenant_id, publication_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('published', 'failed', 'cancelled'))),
    CHECK ((lease_until IS NOT NULL) = (state = 'sending'))
);
CREATE INDEX post_page_due ON notifier.post_page (due_at) WHERE state IN ('waiting', 'sending');

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.post', 'notifier.post_page']) AS name;
GRANT SELECT, UPDATE (state, begins_at, ended_at) ON notifier.post TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (state, attempts, tried_at, due_at, lease_until, provider_id, reason, detail, ended_at)
    ON notifier.post_page TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (state, sent_by, sent_at, two_people, decided_by, decided_at, ended_at) ON notifier.post
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (state, attempts, due_at, ended_at) ON notifier.post_page TO pointstream_gateway, pointstream_operator;
