-- name: pages
-- Decisions, by the pages ($2) on which they lie.
SELECT d.body FROM earning.decision_page d WHERE d.tenant_id = $1 AND d.page = ANY ($2::bigint[]);
