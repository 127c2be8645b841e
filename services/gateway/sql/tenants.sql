-- name: set_tenant
-- For the rest of the transaction only: row-level security shows this tenant's rows and no others.
SELECT set_config('pointstream.tenant', $1::int::text, true);

-- name: tenants
-- Every tenant that may have sent a request: keys are the one thing here that is seen without a tenant.
SELECT DISTINCT tenant_id FROM gateway.api_key ORDER BY tenant_id;
