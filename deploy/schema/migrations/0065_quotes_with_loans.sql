-- A quote knows what is lent to a member, so that it tells what a purchase would repay of it.
DROP FUNCTION gateway.quote_member;
CREATE FUNCTION gateway.quote_member(
    p_tenant int, p_programme int, p_identifiers text[], p_member uuid,
    OUT member_id uuid, OUT tier text, OUT seq bigint,
    OUT lot_seqs bigint[], OUT lot_wallets text[], OUT lot_amounts bigint[], OUT lot_remaining bigint[],
    OUT lot_held bigint[], OUT lot_earned timestamptz[], OUT lot_active timestamptz[], OUT lot_expires timestamptz[],
    OUT lot_recorded timestamptz[], OUT lot_versions int[], OUT lot_contributors uuid[], OUT lot_pending boolean[],
    OUT lot_openings text[],
    OUT debt_wallets text[], OUT debt_amounts bigint[], OUT debt_since timestamptz[],
    OUT debt_lent bigint[], OUT debt_shares int[], OUT debt_due timestamptz[],
    OUT keeps text
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pointstream.tenant', p_tenant::text, true);
    SELECT h.member_id, h.tier, h.seq, h.keeps::text INTO member_id, tier, seq, keeps
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
           array_agg(d.since ORDER BY d.wallet), array_agg(d.lent ORDER BY d.wallet), array_agg(d.share ORDER BY d.wallet),
           array_agg(d.due_at ORDER BY d.wallet)
    INTO debt_wallets, debt_amounts, debt_since, debt_lent, debt_shares, debt_due
    FROM ledger.debt d
    WHERE d.tenant_id = p_tenant AND d.programme_id = p_programme AND d.member_id = quote_member.member_id
      AND (d.amount > 0 OR d.lent > 0);
END $$;
