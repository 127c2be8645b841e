-- What is designed without a developer: styles of brands and landing pages in versions, drafts of anything, and visits.

-- One row a version of a style (its name is the brand, empty for the programme's own) or of a landing page (its name is in
-- its address), counted from 1. Nobody changes or deletes one. A version without a source withdraws the design.
CREATE TABLE notifier.design (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('style', 'page')),
    name text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('published', 'withdrawn')),
    source jsonb,
    note text,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, kind, name, version),
    CHECK ((state = 'withdrawn') = (source IS NULL))
);

-- What somebody works on: one row a design, which may have any fault. A template's name is message/language/channel/brand.
CREATE TABLE notifier.design_draft (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('style', 'page', 'template')),
    name text NOT NULL,
    revision int NOT NULL CHECK (revision > 0),
    source jsonb NOT NULL,
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, kind, name)
);

-- How often a landing page was looked at and filled in, by day of UTC. Nothing is kept about who did.
CREATE TABLE gateway.page_day (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    day date NOT NULL,
    visits bigint NOT NULL CHECK (visits >= 0),
    signups bigint NOT NULL CHECK (signups >= 0),
    PRIMARY KEY (tenant_id, programme_id, name, day)
);

SELECT platform.protect('notifier.design', ARRAY['pointstream_operator', 'pointstream_notifier']);
SELECT platform.protect('notifier.design_draft', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.page_day', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT ON notifier.design TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON notifier.design TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.design_draft TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (revision, source, saved_by, saved_at) ON notifier.design_draft TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON gateway.page_day TO pointstream_gateway;
GRANT UPDATE (visits, signups) ON gateway.page_day TO pointstream_gateway;
GRANT SELECT ON gateway.page_day TO pointstream_operator;
