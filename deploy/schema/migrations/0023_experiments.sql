-- Days are written about in the order in which they come, so whoever asks for some weeks of all members, as experiments do,
-- reads no others; such an index costs next to nothing to keep.
CREATE INDEX member_day_in_time ON earning.member_day
    USING brin (day) WITH (pages_per_range = 32, autosummarize = on);

-- Members to whom referrals owe more than a switch let them have when they were looked at, and the event of that look. They
-- are looked at again as soon as the switch is on.
CREATE TABLE earning.referral_waiting (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    cause uuid NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id)
);

SELECT platform.protect('earning.referral_waiting', ARRAY['pointstream_operator', 'pointstream_earning']);

GRANT SELECT, INSERT, UPDATE (cause), DELETE ON earning.referral_waiting TO pointstream_earning;
GRANT SELECT ON earning.referral_waiting TO pointstream_operator;
