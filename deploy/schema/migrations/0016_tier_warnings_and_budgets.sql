-- The end of a level that its member was told of ahead; NULL: of none.
ALTER TABLE members.tier_standing ADD COLUMN warned timestamptz;

-- As before, with the end that was told of.
CREATE OR REPLACE FUNCTION earning.save_tiers(p_now timestamptz, p_standings jsonb, p_changes jsonb, p_driven jsonb) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO members.tier_standing AS s
        (tenant_id, programme_id, member_id, tier_set, level, since, until, seen_on, given, due_at, warned, changes)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.tier_set, v.level, v.since, v.until, v.seen_on, v.given, v.due_at,
           v.warned, v.changes
    FROM jsonb_to_recordset(p_standings) AS v(
        tenant_id int, programme_id int, member_id uuid, tier_set text, level text, since timestamptz, until timestamptz,
        seen_on date, given boolean, due_at timestamptz, warned timestamptz, changes int)
    ON CONFLICT (tenant_id, programme_id, member_id, tier_set) DO UPDATE
        SET level = excluded.level, since = excluded.since, until = excluded.until, seen_on = excluded.seen_on,
            given = excluded.given, due_at = excluded.due_at, warned = excluded.warned, changes = excluded.changes;

    INSERT INTO members.tier_change (tenant_id, programme_id, member_id, tier_set, number, from_level, to_level, reason,
                                     effective_at, until, programme_version, figures, cause, recorded_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.tier_set, v.number, v.from_level, v.to_level, v.reason,
           v.effective_at, v.until, v.programme_version, v.figures, v.cause, p_now
    FROM jsonb_to_recordset(p_changes) AS v(
        tenant_id int, programme_id int, member_id uuid, tier_set text, number int, from_level text, to_level text,
        reason text, effective_at timestamptz, until timestamptz, programme_version int, figures jsonb, cause uuid);

    UPDATE ledger.member m SET tier = v.tier
    FROM jsonb_to_recordset(p_driven) AS v(tenant_id int, programme_id int, member_id uuid, tier text)
    WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;
END $$;

GRANT UPDATE (warned) ON members.tier_standing TO pointstream_earning;
