-- Members who bring in others. Whatever names a person beside the member's id is a keyed hash.

-- The code that a member gives to friends, made when somebody asks for it.
CREATE TABLE members.referral_code (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    code text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id),
    UNIQUE (tenant_id, programme_id, code)
);

-- By what one person or household may turn out to be two members: devices, addresses, households, by their keyed hashes.
CREATE TABLE members.mark (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    digest text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, kind, digest)
);
CREATE INDEX mark_of_members ON members.mark (tenant_id, programme_id, kind, digest);

-- Two members who had the same identifier, one after the other: they are one person. The lower id comes first.
CREATE TABLE members.same_person (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    other_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, other_id),
    CHECK (member_id < other_id)
);

-- A friend, who is brought in once, and where the referral stands. Written by whoever holds the friend's ledger head.
CREATE TABLE earning.referral (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    friend_id uuid NOT NULL,
    referrer_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL,
    enrolled_at timestamptz NOT NULL,
    version int NOT NULL,
    consented boolean NOT NULL,
    suspicions text[] NOT NULL,
    word text CHECK (word IN ('release', 'refuse')),
    state text NOT NULL CHECK (state IN ('started', 'converted', 'held', 'refused')),
    reasons text[] NOT NULL,
    converted_at timestamptz,
    counted uuid[] NOT NULL, -- the keys of the receipts that brought it there
    until timestamptz, -- when the friend's purchases count no longer
    changes int NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, friend_id)
) WITH (fillfactor = 85);
CREATE INDEX referral_of_referrer ON earning.referral (tenant_id, programme_id, referrer_id);
CREATE INDEX referral_held ON earning.referral (tenant_id, changed_at) WHERE state = 'held';

-- All that became of a referral, numbered without gaps: never changed, never removed. `decided_by` is the person who said so.
CREATE TABLE earning.referral_change (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    friend_id uuid NOT NULL,
    number int NOT NULL,
    state text NOT NULL,
    reason text,
    decided_by text,
    note text,
    cause uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, friend_id, number)
);

-- What a member has had of referrals so far, as a story without a receipt. Written by whoever holds the ledger head.
CREATE TABLE earning.referral_account (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    story bytea NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 85);

-- Saves referrals, every change on the way there, and what members have had. The transaction holds the members.
CREATE FUNCTION earning.save_referrals(p_now timestamptz, p_referrals jsonb, p_changes jsonb, p_accounts jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO earning.referral AS r
        (tenant_id, programme_id, friend_id, referrer_id, claimed_at, enrolled_at, version, consented, suspicions, word,
         state, reasons, converted_at, counted, until, changes, changed_at)
    SELECT v.tenant_id, v.programme_id, v.friend_id, v.referrer_id, v.claimed_at, v.enrolled_at, v.version, v.consented,
           v.suspicions, v.word, v.state, v.reasons, v.converted_at, v.counted, v.until, v.changes, p_now
    FROM jsonb_to_recordset(p_referrals) AS v(
        tenant_id int, programme_id int, friend_id uuid, referrer_id uuid, claimed_at timestamptz, enrolled_at timestamptz,
        version int, consented boolean, suspicions text[], word text, state text, reasons text[], converted_at timestamptz,
        counted uuid[], until timestamptz, changes int)
    ON CONFLICT (tenant_id, programme_id, friend_id) DO UPDATE
        SET consented = excluded.consented, word = excluded.word, state = excluded.state, reasons = excluded.reasons,
            converted_at = excluded.converted_at, counted = excluded.counted, changes = excluded.changes,
            changed_at = excluded.changed_at;

    INSERT INTO earning.referral_change
        (tenant_id, programme_id, friend_id, number, state, reason, decided_by, note, cause, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.friend_id, v.number, v.state, v.reason, v.decided_by, v.note, v.cause, p_now
    FROM jsonb_to_recordset(p_changes) AS v(
        tenant_id int, programme_id int, friend_id uuid, number int, state text, reason text, decided_by text, note text,
        cause uuid);

    INSERT INTO earning.referral_account (tenant_id, programme_id, member_id, story)
    SELECT v.tenant_id, v.programme_id, v.member_id, decode(v.story, 'base64')
    FROM jsonb_to_recordset(p_accounts) AS v(tenant_id int, programme_id int, member_id uuid, story text)
    ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET story = excluded.story;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['members.referral_code', 'members.mark', 'members.same_person', 'earning.referral',
                  'earning.referral_change', 'earning.referral_account']) AS name;

GRANT SELECT ON members.referral_code TO pointstream_earning;
GRANT SELECT, INSERT ON members.mark, members.same_person, earning.referral, earning.referral_change,
    earning.referral_account TO pointstream_earning;
GRANT UPDATE (consented, word, state, reasons, converted_at, counted, changes, changed_at) ON earning.referral
    TO pointstream_earning;
GRANT UPDATE (story) ON earning.referral_account TO pointstream_earning;
-- the door makes codes, and shows what became of referrals
GRANT SELECT, INSERT ON members.referral_code TO pointstream_gateway;
GRANT SELECT ON earning.referral, earning.referral_change TO pointstream_gateway;
GRANT SELECT ON members.referral_code, members.mark, members.same_person, earning.referral, earning.referral_change,
    earning.referral_account TO pointstream_operator;
