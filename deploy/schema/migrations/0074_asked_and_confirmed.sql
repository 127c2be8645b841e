-- What somebody agreed to on a page counts once they followed a link in a mail; links of members end; and who looked at a
-- member's own page is kept.

-- What was ticked on a page, with its words: a mail to the address asks whether it was its owner who did. An address is known
-- by its digest alone, and by none once its member was erased.
CREATE TABLE vault.consent_asked (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    ask_id uuid NOT NULL,
    digest bytea,
    purpose text NOT NULL,
    channel text NOT NULL,
    source text NOT NULL,
    text text NOT NULL,
    text_version text NOT NULL,
    asked_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed_text text,
    PRIMARY KEY (tenant_id, programme_id, member_id, ask_id),
    CHECK ((confirmed_at IS NULL) = (confirmed_text IS NULL))
);
CREATE INDEX consent_asked_by_id ON vault.consent_asked (tenant_id, programme_id, ask_id);
CREATE INDEX consent_asked_by_address ON vault.consent_asked (tenant_id, digest, asked_at);
CREATE INDEX consent_asked_stale ON vault.consent_asked (tenant_id, programme_id, until) WHERE confirmed_at IS NULL;
SELECT platform.protect('vault.consent_asked', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT, DELETE, UPDATE (confirmed_at, confirmed_text) ON vault.consent_asked TO pointstream_gateway;
GRANT SELECT, UPDATE (digest) ON vault.consent_asked TO pointstream_operator;

ALTER TABLE notifier.own_letter DROP CONSTRAINT own_letter_kind_check;
ALTER TABLE notifier.own_letter ADD CONSTRAINT own_letter_kind_check
    CHECK (kind IN ('test', 'results', 'invitation', 'confirmation'));

-- A thing that is shared again lives anew. What a member showed, and whom they invited, goes with the member; that an address was
-- invited stays without a word of who did, so that nobody else invites it.
GRANT UPDATE (shared_at) ON gateway.share TO pointstream_gateway;
ALTER TABLE gateway.invitation ALTER COLUMN member_id DROP NOT NULL;
GRANT SELECT, DELETE ON gateway.share, gateway.invitation, gateway.invitation_asked TO pointstream_operator;
GRANT UPDATE (member_id) ON gateway.invitation TO pointstream_operator;

-- Each time that an operator opened a member's own page, to look at it.
CREATE TABLE gateway.page_opened (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_id uuid NOT NULL,
    until timestamptz NOT NULL,
    opened_by text NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, opened_at, opened_id)
);
SELECT platform.protect('gateway.page_opened', ARRAY['pointstream_operator']);
GRANT SELECT, INSERT ON gateway.page_opened TO pointstream_gateway;
GRANT SELECT ON gateway.page_opened TO pointstream_operator;
