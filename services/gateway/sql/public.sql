-- name: name_company
SELECT set_config('pointstream.company', $1, true);

-- name: company
-- Row-level security shows the company of this name and no other.
SELECT tenant_id FROM platform.tenant WHERE slug = $1;
