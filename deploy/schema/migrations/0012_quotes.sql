-- What a quote reads: the member behind an identifier with what is left of the points, and what limits have used. Two
-- functions, so that a quote takes two round trips and no transaction around them: each says first whose rows may be seen.
GRANT SELECT ON earning.counter TO pointstream_gateway;

-- The first identifier that anybody has decides; or the member is given. No row of theirs: member_id is NULL.
CREATE FUNCTION gateway.quote_member(
    p_tenant int, p_programme int, p_identifiers text[], p_member uuid,
    OUT member_id uuid, OUT tier text, OUT seq bigint,
    OUT lot_seqs bigint[], OUT lot_wallets text[], OUT lot_amounts bigint[], OUT lot_remaining bigint[],
    OUT lot_held bigint[], OUT lot_earned timestamptz[], OUT lot_active timestamptz[], OUT lot_expires timestamptz[],
    OUT lot_recorded timestamptz[], OUT lot_versions int[], OUT lot_contributors uuid[], OUT lot_pending boolean[],
    OUT lot_openings text[],
    OUT debt_wallets text[], OUT debt_amounts bigint[], OUT debt_since timestamptz[]
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT h.member_id, h.tier, h.seq INTO member_id, tier, seq
    FROM ledger.member h
    WHERE h.tenant_id = p_tenant AND h.programme_id = p_programme AND h.member_id = coalesce(p_member, (
        SELECT i.member_id
        FROM unnest(p_identifiers) WITH ORDINALITY AS shown (identifier, place)
        JOIN members.identifier i
          ON i.tenant_id = p_tenant AND i.programme_id = p_programme AND i.identifier = shown.identifier
        WHERE i.member_id IS NOT NULL
        ORDER BY shown.place
        LIMIT 1
    ));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT array_agg(l.seq ORDER BY l.seq), array_agg(l.wallet ORDER BY l.seq), array_agg(l.amount ORDER BY l.seq),
           array_agg(l.remaining ORDER BY l.seq), array_agg(l.held ORDER BY l.seq),
           array_agg(l.earned_at ORDER BY l.seq), array_agg(l.active_from ORDER BY l.seq),
           array_agg(l.expires_at ORDER BY l.seq), array_agg(l.recorded_at ORDER BY l.seq),
           array_agg(l.policy_version ORDER BY l.seq), array_agg(l.contributor ORDER BY l.seq),
           array_agg(l.pending ORDER BY l.seq), array_agg(l.opened_by::text ORDER BY l.seq)
    INTO lot_seqs, lot_wallets, lot_amounts, lot_remaining, lot_held, lot_earned, lot_active, lot_expires, lot_recorded,
         lot_versions, lot_contributors, lot_pending, lot_openings
    FROM ledger.lot_now l
    WHERE l.tenant_id = p_tenant AND l.programme_id = p_programme AND l.member_id = quote_member.member_id
      AND l.remaining > 0;
    SELECT array_agg(d.wallet ORDER BY d.wallet), array_agg(d.amount ORDER BY d.wallet),
           array_agg(d.since ORDER BY d.wallet)
    INTO debt_wallets, debt_amounts, debt_since
    FROM ledger.debt d
    WHERE d.tenant_id = p_tenant AND d.programme_id = p_programme AND d.member_id = quote_member.member_id
      AND d.amount > 0;
END $$;

-- What limits have used, in the order of the keys.
CREATE FUNCTION gateway.quote_counters(p_tenant int, p_programme int, p_keys text[], OUT used bigint[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT array_agg(coalesce(c.used, 0) ORDER BY asked.place) INTO used
    FROM unnest(p_keys) WITH ORDINALITY AS asked (counter_key, place)
    LEFT JOIN earning.counter c
           ON c.tenant_id = p_tenant AND c.programme_id = p_programme AND c.counter_key = asked.counter_key;
END $$;

-- A page without a key names a company; whoever knows the name may learn the number that it has, and no other.
CREATE POLICY named ON platform.tenant FOR SELECT TO pointstream_gateway
    USING (slug = nullif(current_setting('pointstream.company', true), ''));
