-- A device that is told again is the newest from then on, and what was heard of messages is forgotten after a while.

ALTER TABLE vault.contact ADD COLUMN told_at timestamptz; -- when it was told last, where that was not the first time
GRANT UPDATE (told_at) ON vault.contact TO pointstream_operator, pointstream_earning, pointstream_gateway;

-- Saves addresses of members who are held, each once. Those that are `gone` go; where they take the place of what their channel
-- had (`p_instead`), that goes too. What is dead stays. One that was known is told anew.
CREATE OR REPLACE FUNCTION vault.save_contacts(
    p_now timestamptz, p_tenants int[], p_programmes int[], p_members uuid[], p_channels text[], p_digests bytea[],
    p_addresses bytea[], p_gone boolean[], p_instead boolean[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM vault.contact c
    USING (
        SELECT v.tenant_id, v.programme_id, v.member_id, v.channel, array_agg(v.digest) FILTER (WHERE NOT v.gone) AS kept,
               array_agg(v.digest) FILTER (WHERE v.gone) AS gone, bool_or(v.instead) AS instead
        FROM unnest(p_tenants, p_programmes, p_members, p_channels, p_digests, p_gone, p_instead)
            AS v(tenant_id, programme_id, member_id, channel, digest, gone, instead)
        GROUP BY v.tenant_id, v.programme_id, v.member_id, v.channel
    ) AS t
    WHERE c.tenant_id = t.tenant_id AND c.programme_id = t.programme_id AND c.member_id = t.member_id
      AND c.channel = t.channel AND c.alive
      AND (c.digest = ANY (t.gone) OR t.instead AND NOT c.digest = ANY (coalesce(t.kept, '{}')));
    INSERT INTO vault.contact (tenant_id, programme_id, member_id, channel, digest, address, changed_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.channel, v.digest, v.address, p_now
    FROM unnest(p_tenants, p_programmes, p_members, p_channels, p_digests, p_addresses, p_gone)
        AS v(tenant_id, programme_id, member_id, channel, digest, address, gone)
    WHERE NOT v.gone
    ON CONFLICT (tenant_id, programme_id, member_id, channel, digest) DO UPDATE
        SET address = excluded.address, told_at = p_now;
END $$;

CREATE INDEX feedback_applied ON notifier.feedback (applied_at) WHERE applied_at IS NOT NULL;
GRANT DELETE ON notifier.feedback TO pointstream_notifier;
