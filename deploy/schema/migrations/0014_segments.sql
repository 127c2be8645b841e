-- Segments: who is in which, when that must be looked at again, and the lists that people keep.

-- The members of segments as they were decided last: what decisions see.
CREATE TABLE members.segment_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    segment text NOT NULL,
    entered_at timestamptz NOT NULL,
    programme_version int NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, member_id, segment)
);
CREATE INDEX segment_members ON members.segment_member (tenant_id, programme_id, segment, member_id);

-- Every entry into a segment and every exit, numbered without gaps by member and segment: never removed. It is the outbox
-- of its event, told once told_at is set.
CREATE TABLE members.segment_change (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    segment text NOT NULL,
    number int NOT NULL,
    entered boolean NOT NULL,
    reason text NOT NULL,
    effective_at timestamptz NOT NULL,
    programme_version int NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (tenant_id, programme_id, member_id, segment, number)
) WITH (fillfactor = 90);
CREATE INDEX segment_untold ON members.segment_change (effective_at, member_id, segment, number) WHERE told_at IS NULL;

-- When a member's segments must be looked at again, and why then: NULL for time alone. What is urgent, because something
-- was done, goes before what can wait.
CREATE TABLE members.segment_look (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    member_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    urgent boolean NOT NULL,
    reason text,
    PRIMARY KEY (tenant_id, programme_id, member_id)
) WITH (fillfactor = 70);
CREATE INDEX segment_due ON members.segment_look (due_at) WHERE NOT urgent;
CREATE INDEX segment_due_urgent ON members.segment_look (due_at) WHERE urgent;

-- Static lists as people keep them, whether or not the programme names them.
CREATE TABLE members.list_member (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    list text NOT NULL,
    member_id uuid NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, list, member_id)
);
CREATE INDEX lists_of_member ON members.list_member (tenant_id, programme_id, member_id);

-- How far everybody was marked to be looked at for the segments of a version: up to which member, and whether that is all.
-- An empty digest asks for it anew.
CREATE TABLE members.segment_pass (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    rules text NOT NULL,
    programme_version int NOT NULL,
    after_member uuid,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, programme_id)
);

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['members.segment_member', 'members.segment_change', 'members.segment_look', 'members.list_member',
                  'members.segment_pass']) AS name;

GRANT SELECT, INSERT, DELETE ON members.segment_member TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (told_at) ON members.segment_change TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (due_at, urgent, reason), DELETE ON members.segment_look TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE (rules, programme_version, after_member, done) ON members.segment_pass TO pointstream_earning;
GRANT SELECT ON members.list_member TO pointstream_earning;
-- people keep lists, by the door and by the command line; whoever is put on one is looked at at once
GRANT SELECT ON members.segment_member, members.segment_change TO pointstream_gateway;
GRANT SELECT, INSERT, DELETE ON members.list_member TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE (due_at, urgent, reason) ON members.segment_look TO pointstream_gateway, pointstream_operator;
GRANT SELECT ON members.segment_member, members.segment_change, members.segment_pass TO pointstream_operator;
-- the operator asks for everybody to be looked at again
GRANT UPDATE (rules) ON members.segment_pass TO pointstream_operator;
