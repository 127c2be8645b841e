-- name: pools
-- What was given to the charities of a programme and their campaigns.
SELECT t.party, t.pool, count(*) AS donations, sum(t.points)::bigint AS points, sum(t.other)::bigint AS worth_minor
FROM redemption.trade t
WHERE t.tenant_id = $1 AND t.programme_id = $2 AND t.kind = 'donate'
GROUP BY t.party, t.pool;

-- name: donation
SELECT p.slug AS programme, p.programme_id, t.member_id, t.points, t.wallet, t.other AS worth_minor, t.currency,
       t.party AS charity, t.pool, t.traded_at, t.programme_version, v.document
FROM redemption.redemption r
JOIN redemption.trade t USING (tenant_id, programme_id, member_id, redemption_id)
JOIN platform.programme p USING (tenant_id, programme_id)
JOIN platform.programme_version v ON v.tenant_id = t.tenant_id AND v.programme_id = t.programme_id
                                 AND v.version = t.programme_version
WHERE r.tenant_id = $1 AND r.redemption_id = $2 AND t.kind = 'donate';
