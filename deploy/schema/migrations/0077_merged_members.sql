-- Members who were merged into one count as one member: for what a late cart has of a pool of codes, and in a draw. And
-- redemption knows since when somebody is a member, for points whose dates go by that.

GRANT SELECT ON members.member TO pointstream_redemption;

-- Whom the member of a ticket had been merged into when the lottery was drawn, null where nobody: it took part for them.
ALTER TABLE redemption.game_ticket ADD COLUMN drawn_for uuid;
GRANT UPDATE (drawn_for) ON redemption.game_ticket TO pointstream_redemption;

-- A late cart has its codes again within what its member, and whoever is one with them by merges, may have of their pool.
CREATE OR REPLACE FUNCTION redemption.use_codes_again(p_tenant int, p_uses uuid[], p_late uuid[], p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_free int;
BEGIN
    PERFORM FROM redemption.code c
    WHERE c.tenant_id = p_tenant AND c.code_id IN (
        SELECT u.code_id FROM redemption.code_use u WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses)
    ) ORDER BY c.code_id FOR NO KEY UPDATE;
    SELECT count(*) INTO v_free
    FROM redemption.code_use u
    JOIN redemption.code c ON c.tenant_id = u.tenant_id AND c.code_id = u.code_id
    JOIN redemption.code_pool p ON p.tenant_id = c.tenant_id AND p.pool_id = c.pool_id
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT g.leads_to FROM members.merge g
            WHERE g.tenant_id = p_tenant AND g.programme_id = p.programme_id AND g.member_id = u.member_id
              AND g.undone_at IS NULL
        ), u.member_id) AS survivor
    ) AS m
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND NOT p.paused AND c.state <> 'void'
      AND c.uses < coalesce(CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END, 2147483647)
      AND (u.member_id IS NULL OR NOT p.rules ? 'per_member' OR (p.rules ->> 'per_member')::int >= (
          SELECT count(*) FROM redemption.code_use o
          WHERE o.tenant_id = p_tenant AND o.pool_id = u.pool_id AND (o.returned_at IS NULL OR o.use_id = ANY (p_uses))
            AND o.member_id = ANY (m.survivor || ARRAY(
                SELECT g.member_id FROM members.merge g
                WHERE g.tenant_id = p_tenant AND g.programme_id = p.programme_id AND g.leads_to = m.survivor
                  AND g.undone_at IS NULL
            ))
      ));
    IF v_free < cardinality(p_uses) THEN
        RETURN false;
    END IF;
    INSERT INTO redemption.code_use (tenant_id, use_id, code_id, pool_id, member_id, reference, store, currency, total_minor,
                                     discount_minor, used_at)
    SELECT p_tenant, n.late_id, u.code_id, u.pool_id, u.member_id, u.reference, u.store, u.currency, u.total_minor,
           u.discount_minor, p_now
    FROM unnest(p_uses, p_late) AS n(use_id, late_id)
    JOIN redemption.code_use u ON u.tenant_id = p_tenant AND u.use_id = n.use_id;
    UPDATE redemption.code c
    SET uses = c.uses + 1, redeemed_at = p_now,
        state = CASE WHEN c.uses + 1 >= CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END THEN 'redeemed'
                     WHEN c.state = 'created' THEN 'published' ELSE c.state END
    FROM redemption.code_use u, redemption.code_pool p
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND c.tenant_id = p_tenant AND c.code_id = u.code_id
      AND p.tenant_id = p_tenant AND p.pool_id = c.pool_id;
    RETURN true;
END $$;
