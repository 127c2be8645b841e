-- A late cart has its codes again within what its member may have of their pool, all of them together.
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
    WHERE u.tenant_id = p_tenant AND u.use_id = ANY (p_uses) AND NOT p.paused AND c.state <> 'void'
      AND c.uses < coalesce(CASE WHEN p.rules ? 'uses' THEN (p.rules ->> 'uses')::int ELSE 1 END, 2147483647)
      AND (u.member_id IS NULL OR NOT p.rules ? 'per_member' OR (p.rules ->> 'per_member')::int >= (
          SELECT count(*) FROM redemption.code_use o
          WHERE o.tenant_id = p_tenant AND o.member_id = u.member_id AND o.pool_id = u.pool_id
            AND (o.returned_at IS NULL OR o.use_id = ANY (p_uses))
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
