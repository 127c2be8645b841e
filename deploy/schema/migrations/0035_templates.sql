-- The words of messages: published versions of templates, and the images that they show.

-- One row a version at a place (message, brand, language, channel), counted from 1. Nobody changes or deletes one: what was sent
-- can be read again. A version without a source withdraws the template, and what lies behind it is taken.
CREATE TABLE notifier.template (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    brand text NOT NULL, -- empty for the programme's own
    language text NOT NULL,
    channel text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('published', 'withdrawn')),
    purpose text,
    source jsonb, -- as somebody wrote it
    compiled jsonb, -- its gaps are still there, MJML has become HTML
    note text,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name, brand, language, channel, version),
    CHECK ((state = 'withdrawn') = (source IS NULL)),
    CHECK ((source IS NULL) = (compiled IS NULL)),
    CHECK ((source IS NULL) = (purpose IS NULL))
);

-- Images, named by the SHA-256 of their bytes.
CREATE TABLE notifier.media (
    tenant_id int NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    media_type text NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp')),
    content bytea NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
ALTER TABLE notifier.media ALTER COLUMN content SET STORAGE EXTERNAL; -- they are compressed already
CREATE INDEX media_digest ON notifier.media (digest);

SELECT platform.protect('notifier.template', ARRAY['pointstream_operator', 'pointstream_notifier']);
-- Whoever got a message may see what it shows: the door gives an image to whoever has its name, which nobody guesses.
SELECT platform.protect('notifier.media', ARRAY['pointstream_operator', 'pointstream_gateway']);

GRANT USAGE ON SCHEMA notifier TO pointstream_gateway;
GRANT SELECT, INSERT ON notifier.template, notifier.media TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON notifier.template TO pointstream_notifier;
