-- After a boundary, and before a large one is written down: what comes back to members, and what takes a second person.

-- A sweep that is larger than its programme lets one person decide waits, as `awaiting_approval`, until somebody has agreed
-- who did not publish the version in force. `approved_by` is who did.
ALTER TABLE expiry.sweep DROP CONSTRAINT sweep_state_check, DROP CONSTRAINT sweep_asked_check;
ALTER TABLE expiry.sweep
    ADD CONSTRAINT sweep_state_check
        CHECK (state IN ('announced', 'awaiting_approval', 'running', 'paused', 'finished', 'cancelled')),
    ADD CONSTRAINT sweep_asked_check CHECK (asked IN ('run', 'pause', 'resume', 'cancel', 'approve', 'refuse')),
    ADD COLUMN approved_by text,
    ADD COLUMN approved_at timestamptz;

-- A request to give back points that lapsed behind `lapsed_after`, up to `lapsed_until`. It is carried out once it is
-- approved: at once, or by somebody else than who asked. `digest` tells a repeat from another request under its name.
CREATE TABLE expiry.reinstatement (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reinstatement_id uuid NOT NULL,
    digest bytea NOT NULL,
    lapsed_after timestamptz NOT NULL,
    lapsed_until timestamptz NOT NULL CHECK (lapsed_until > lapsed_after),
    expires_at timestamptz, -- null: the next boundary of the wallet
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 64),
    note text CHECK (length(note) BETWEEN 1 AND 256),
    members int NOT NULL CHECK (members > 0),
    points bigint NOT NULL CHECK (points > 0), -- over all wallets
    state text NOT NULL CHECK (state IN ('awaiting_approval', 'approved', 'refused', 'sent')),
    asked_by text NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 64),
    asked_at timestamptz NOT NULL,
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 64),
    decided_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, reinstatement_id),
    CHECK (decided_by <> asked_by),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK (state <> 'awaiting_approval' OR decided_by IS NULL),
    CHECK (state <> 'refused' OR decided_by IS NOT NULL)
);
CREATE INDEX reinstatement_open ON expiry.reinstatement (tenant_id, programme_id, asked_at)
    WHERE state IN ('awaiting_approval', 'approved');

-- What a request gives back to a member, of a wallet. `cause` is the key of the event that says so; `sent` since it lies in
-- the outbox.
CREATE TABLE expiry.reinstatement_share (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    reinstatement_id uuid NOT NULL,
    member_id uuid NOT NULL,
    wallet text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    cause uuid NOT NULL,
    sent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, programme_id, reinstatement_id, member_id, wallet)
);

-- Boundaries ahead as they were computed, one row for every instant that a period's end ever had: with newer zone data it may
-- have another one, and lots that were dated before keep the old.
CREATE TABLE expiry.boundary (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    zone text NOT NULL,
    local_date date NOT NULL,
    instant timestamptz NOT NULL,
    tzdata text NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, zone, local_date, instant)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_expiry'])
FROM unnest(ARRAY['expiry.reinstatement', 'expiry.reinstatement_share', 'expiry.boundary']) AS name;

GRANT UPDATE (approved_by, approved_at) ON expiry.sweep TO pointstream_expiry;
GRANT SELECT, UPDATE (state) ON expiry.reinstatement TO pointstream_expiry;
GRANT SELECT, UPDATE (sent) ON expiry.reinstatement_share TO pointstream_expiry;

-- The door and the command line ask and decide; who carries it out is the service.
GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at) ON expiry.reinstatement
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON expiry.reinstatement_share TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT ON expiry.boundary TO pointstream_expiry;
GRANT SELECT ON expiry.boundary TO pointstream_operator;
