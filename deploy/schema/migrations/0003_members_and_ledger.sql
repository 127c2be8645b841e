-- Members and the ledger of their points.
CREATE SCHEMA members;
CREATE SCHEMA vault;
CREATE SCHEMA ledger;

CREATE TABLE members.member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    enrolled_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 90);

-- Who shows this card is that member. A row without a member is an identifier seen before its enrolment: receipt and
-- enrolment both lock it, whichever comes first.
CREATE TABLE members.identifier (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    identifier text NOT NULL,
    member_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, identifier)
);
CREATE INDEX identifier_of_member ON members.identifier (tenant_id, programme_id, member_id) WHERE member_id IS NOT NULL;

-- The head of a member's ledger: the row that writers lock, the last number given to one of the member's movements, and
-- what every decision asks of a member.
CREATE TABLE ledger.member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    spread int NOT NULL, -- Kafka's hash of the member id: names its partition on every topic keyed by member
    tier text,
    activates_at timestamptz, -- when the first of the pending lots becomes active
    lapses_at timestamptz, -- when the first of the lots that have something left lapses
    owing boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 60);
CREATE INDEX member_to_activate ON ledger.member (activates_at) WHERE activates_at IS NOT NULL;

CREATE TYPE ledger.account AS ENUM (
    'pending', 'active', 'held', 'debt',
    'issued', 'redeemed', 'expired', 'reversed', 'transferred', 'adjusted', 'written_off'
);
CREATE TYPE ledger.kind AS ENUM (
    'credit', 'activate', 'redeem', 'restore', 'expire', 'waive', 'reverse', 'hold', 'release', 'commit',
    'transfer', 'adjust', 'repay'
);

-- A movement that opens a lot and the lot itself, one row: what it began with is written once. Remaining, held, pending and
-- the present dates (NULL: as it began, infinity: never) follow the movements that touched it.
CREATE TABLE ledger.lot (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    held bigint NOT NULL DEFAULT 0 CHECK (held BETWEEN 0 AND remaining),
    earned_at timestamptz NOT NULL,
    active_from timestamptz NOT NULL,
    expires_at timestamptz CHECK (expires_at > active_from),
    recorded_at timestamptz NOT NULL,
    policy_version int NOT NULL,
    cause uuid NOT NULL, -- the inbox key of the event that earned it
    contributor uuid,
    opened_by ledger.kind NOT NULL DEFAULT 'credit' CHECK (opened_by IN ('credit', 'adjust', 'transfer')),
    pending boolean NOT NULL DEFAULT false,
    now_active_from timestamptz,
    now_expires_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, seq)
) WITH (fillfactor = 90);

-- Lots with the dates that they have now; no expiry is NULL here.
CREATE VIEW ledger.lot_now WITH (security_invoker = true) AS
SELECT tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at,
       coalesce(now_active_from, active_from) AS active_from,
       nullif(coalesce(now_expires_at, expires_at), 'infinity') AS expires_at,
       recorded_at, policy_version, cause, contributor, opened_by, pending
FROM ledger.lot;

-- What members owe, because points were taken back after they had been spent; 0 when it was repaid. Follows the movements.
CREATE TABLE ledger.debt (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    wallet text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    since timestamptz NOT NULL, -- when it last grew
    PRIMARY KEY (tenant_id, programme_id, member_id, wallet)
);

-- Every movement that opens no lot.
CREATE TABLE ledger.movement (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    wallet text NOT NULL,
    kind ledger.kind NOT NULL CHECK (kind <> 'credit'),
    from_account ledger.account NOT NULL,
    to_account ledger.account NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    corrects bigint,
    cause uuid NOT NULL,
    moves_expiry boolean NOT NULL DEFAULT false,
    new_expires_at timestamptz, -- where it moves the expiry of its lots; NULL is never
    PRIMARY KEY (tenant_id, programme_id, member_id, seq),
    CHECK (from_account <> to_account OR kind = 'waive')
);

CREATE TABLE ledger.allocation (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    lot_seq bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (tenant_id, programme_id, member_id, seq, lot_seq),
    FOREIGN KEY (tenant_id, programme_id, member_id, seq) REFERENCES ledger.movement,
    FOREIGN KEY (tenant_id, programme_id, member_id, lot_seq) REFERENCES ledger.lot
);

-- All movements of all members, those that open lots included.
CREATE VIEW ledger.journal WITH (security_invoker = true) AS
SELECT tenant_id, programme_id, member_id, seq, wallet, opened_by AS kind,
       CASE opened_by WHEN 'credit' THEN 'issued' WHEN 'adjust' THEN 'adjusted' ELSE 'transferred' END::ledger.account
           AS from_account,
       CASE WHEN active_from > earned_at THEN 'pending' ELSE 'active' END::ledger.account AS to_account,
       amount, earned_at AS effective_at, recorded_at, NULL::bigint AS corrects, cause
FROM ledger.lot
UNION ALL
SELECT tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account,
       amount, effective_at, recorded_at, corrects, cause
FROM ledger.movement;
