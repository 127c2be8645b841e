-- Messages to many members at once: what is wanted, how far it is, and what it comes to.

-- `wanted` is what somebody wrote (libs/mass/wanted.py); `digest` tells a repeat of a request from another one.
--   counted, count_after    how many members were looked at, and behind whom the count goes on
--   members                 how many it is for, once they are counted
--   approval_above          bound by which a second person was needed, when it was sent
--   begins_at               when the first was laid down: it is of use for so many hours from then on
--   laid, lay_after         how many deliveries were laid down, and behind whom that goes on; laid_at: all of them
--   paced_at, paced_laid    since when the pace is reckoned, and from how many on; NULL has it reckoned anew
CREATE TABLE notifier.mass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    wanted jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('counting', 'counted', 'awaiting_approval', 'refused', 'scheduled', 'sending',
                                         'paused', 'cancelled', 'finished')),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    counted int NOT NULL DEFAULT 0,
    count_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    counted_at timestamptz,
    members int,
    starts_at timestamptz,
    sent_by text,
    sent_at timestamptz,
    approval_above bigint,
    decided_by text,
    decided_at timestamptz,
    begins_at timestamptz,
    laid int NOT NULL DEFAULT 0,
    lay_after uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    laid_at timestamptz,
    paced_at timestamptz,
    paced_laid int NOT NULL DEFAULT 0,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, mass_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('refused', 'cancelled', 'finished'))),
    CHECK ((counted_at IS NULL) = (members IS NULL)),
    CHECK (begins_at IS NOT NULL OR laid = 0)
);
CREATE INDEX mass_under_way ON notifier.mass (state) WHERE state IN ('counting', 'scheduled', 'sending');
CREATE INDEX mass_newest ON notifier.mass (tenant_id, made_at DESC, mass_id DESC);
CREATE INDEX mass_named ON notifier.mass (mass_id);

-- Whom it is for, where they were named one by one.
CREATE TABLE notifier.mass_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    member_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, mass_id, member_id)
);

-- What the count found: each member once, by what would be decided over which channel, and why.
CREATE TABLE notifier.mass_count (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    mass_id uuid NOT NULL,
    variant text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('send', 'wait', 'drop')),
    channel text NOT NULL,
    reason text NOT NULL, -- empty for what would be sent
    members int NOT NULL CHECK (members > 0),
    PRIMARY KEY (tenant_id, programme_id, mass_id, variant, verdict, channel, reason)
);

-- The deliveries of a mass message, and how they stand.
CREATE INDEX delivery_of_mass ON notifier.delivery (tenant_id, programme_id, occasion, state) WHERE occasion LIKE 'mass/%';

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.mass', 'notifier.mass_member', 'notifier.mass_count']) AS name;
CREATE POLICY pointstream_notifier_works ON members.member TO pointstream_notifier USING (true);

GRANT SELECT ON members.member, ledger.journal TO pointstream_notifier;
GRANT SELECT ON notifier.mass, notifier.mass_member TO pointstream_notifier;
GRANT UPDATE (state, counted, count_after, counted_at, members, begins_at, laid, lay_after, laid_at, paced_at, paced_laid, ended_at)
    ON notifier.mass TO pointstream_notifier;
GRANT SELECT, INSERT, UPDATE (members) ON notifier.mass_count TO pointstream_notifier;
GRANT SELECT, INSERT ON notifier.mass, notifier.mass_member TO pointstream_gateway, pointstream_operator;
GRANT UPDATE (state, counted, count_after, counted_at, members, starts_at, sent_by, sent_at, approval_above, decided_by,
              decided_at, paced_at, ended_at) ON notifier.mass TO pointstream_gateway, pointstream_operator;
GRANT SELECT, DELETE ON notifier.mass_count TO pointstream_gateway, pointstream_operator;

-- Letters to people of the company: templates that somebody tries on an address of their own, and figures sent to operators.
-- They are nobody's message: no member, no consent, no cap, and no delivery. `sealed` holds address and words, until it is over.
CREATE TABLE notifier.own_letter (
    tenant_id int NOT NULL,
    letter_id uuid NOT NULL,
    programme_id int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('test', 'results')),
    channel text NOT NULL,
    message text NOT NULL,
    digest bytea NOT NULL, -- of the request, to tell a repeat from another one
    sealed bytea,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'handed', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    reason text,
    detail text,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, letter_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('handed', 'failed'))),
    CHECK ((lease_until IS NOT NULL) = (state = 'sending'))
);
CREATE INDEX own_letter_due ON notifier.own_letter (due_at) WHERE state IN ('waiting', 'sending');

-- Who gets a programme's figures, how often, and when next. `sealed` is the address.
CREATE TABLE notifier.result_mail (
    tenant_id int NOT NULL,
    result_mail_id uuid NOT NULL,
    programme_id int NOT NULL,
    digest bytea NOT NULL,
    every text NOT NULL CHECK (every IN ('day', 'week', 'month')),
    hour smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    language text NOT NULL,
    sealed bytea NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, result_mail_id)
);
CREATE INDEX result_mail_due ON notifier.result_mail (next_at);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_notifier'])
FROM unnest(ARRAY['notifier.own_letter', 'notifier.result_mail']) AS name;
GRANT SELECT, INSERT, UPDATE (sealed, state, attempts, due_at, lease_until, reason, detail, ended_at) ON notifier.own_letter
    TO pointstream_notifier;
GRANT SELECT, INSERT ON notifier.own_letter TO pointstream_gateway, pointstream_operator;
GRANT SELECT, UPDATE (next_at) ON notifier.result_mail TO pointstream_notifier;
GRANT SELECT, INSERT, DELETE ON notifier.result_mail TO pointstream_gateway, pointstream_operator;
