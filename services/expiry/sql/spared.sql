-- Members whom something may spare: decided one by one by the pure function, and written down set by set.

-- name: lock
-- Heads in nobody else's hands, of members who are due without an activation that is.
SELECT m.member_id, m.seq, m.spread, m.owing
FROM ledger.member m
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.member_id = ANY ($4::uuid[])
  AND m.lapses_at <= $3 AND (m.activates_at IS NULL OR m.activates_at > $3) AND m.keeps IS NOT NULL
ORDER BY m.member_id
FOR NO KEY UPDATE SKIP LOCKED;

-- name: save
WITH moved AS (
    INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                                 effective_at, recorded_at, cause, moves_expiry, new_expires_at)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.wallet, v.kind, v.from_account, v.to_account, v.amount,
           v.effective_at, $1, v.cause, v.moves_expiry, v.new_expires_at
    FROM jsonb_to_recordset($2::jsonb) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, wallet text, kind ledger.kind,
        from_account ledger.account, to_account ledger.account, amount bigint, effective_at timestamptz, cause uuid,
        moves_expiry boolean, new_expires_at timestamptz)
), allocated AS (
    INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount)
    SELECT v.tenant_id, v.programme_id, v.member_id, v.seq, v.lot_seq, v.amount
    FROM jsonb_to_recordset($3::jsonb)
        AS v(tenant_id int, programme_id int, member_id uuid, seq bigint, lot_seq bigint, amount bigint)
), touched AS (
    UPDATE ledger.lot l
    SET remaining = v.remaining, now_expires_at = coalesce(v.now_expires_at, l.now_expires_at)
    FROM jsonb_to_recordset($4::jsonb) AS v(
        tenant_id int, programme_id int, member_id uuid, seq bigint, remaining bigint, now_expires_at timestamptz)
    WHERE l.tenant_id = v.tenant_id AND l.programme_id = v.programme_id AND l.member_id = v.member_id AND l.seq = v.seq
)
UPDATE ledger.member m SET seq = v.seq, lapses_at = v.lapses_at
FROM jsonb_to_recordset($5::jsonb)
    AS v(tenant_id int, programme_id int, member_id uuid, seq bigint, lapses_at timestamptz)
WHERE m.tenant_id = v.tenant_id AND m.programme_id = v.programme_id AND m.member_id = v.member_id;

-- name: waived
-- What was spared at a boundary, as the ledger has it, whoever wrote it down: by tier of now, and by what spared it.
SELECT h.tier, m.wallet, w.spared_by, w.spared_as, count(DISTINCT m.member_id) AS members, count(a.lot_seq) AS lots,
       sum(a.amount)::bigint AS points
FROM ledger.movement m
JOIN ledger.waiver w USING (tenant_id, programme_id, member_id, seq)
JOIN ledger.allocation a USING (tenant_id, programme_id, member_id, seq)
JOIN ledger.member h USING (tenant_id, programme_id, member_id)
WHERE m.tenant_id = $1 AND m.programme_id = $2 AND m.kind = 'waive' AND m.effective_at <= $3
  AND m.effective_at > coalesce((SELECT max(s.boundary) FROM expiry.sweep s
                                 WHERE s.tenant_id = $1 AND s.programme_id = $2 AND s.boundary < $3), '-infinity')
GROUP BY h.tier, m.wallet, w.spared_by, w.spared_as
ORDER BY h.tier NULLS FIRST, m.wallet, w.spared_by, w.spared_as;

-- name: keep_waived
UPDATE expiry.sweep SET waived = $4::jsonb WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: keep_spared
UPDATE expiry.sweep SET spared = $4::jsonb WHERE tenant_id = $1 AND programme_id = $2 AND boundary = $3;

-- name: heads_wait
-- Whether a version that counts by the boundary has not come to the heads of all members yet, where any has exceptions.
-- $4 is how long after it came into force what a version says of them counts.
SELECT EXISTS (
    SELECT FROM platform.programme_version v
    WHERE v.tenant_id = $1 AND v.programme_id = $2
      AND (v.document @? '$.wallets[*].spared[*]' OR v.document @? '$.tier_sets[*].levels[*] ? (@.keeps_points == true)')
) AND EXISTS (
    SELECT FROM platform.programme_version v
    WHERE v.tenant_id = $1 AND v.programme_id = $2 AND v.active_from <= $3::timestamptz - $4::interval
      AND v.version > coalesce((SELECT p.programme_version FROM members.exemption_pass p
                                WHERE p.tenant_id = $1 AND p.programme_id = $2 AND p.done), 0)
);
