-- name: lock_followed
SELECT * FROM redemption.lock_followed($1, $2);

-- name: passed
-- What came to a merged member later, and went over too. Through several merges it is the last survivor's for good.
UPDATE members.merge g SET passed = g.passed || $5::jsonb
WHERE g.tenant_id = $1 AND g.programme_id = $2 AND g.member_id = $3 AND g.survivor_id = $4 AND g.undone_at IS NULL;
