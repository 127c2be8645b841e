-- Who may do what, as the catalogue of the database has it.

-- name: granted
WITH granted AS (
    SELECT n.nspname AS object, a.grantee, a.privilege_type AS privilege
    FROM pg_namespace n, aclexplode(n.nspacl) a
    UNION ALL
    SELECT format('%s.%s', n.nspname, c.relname), a.grantee, a.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
    UNION ALL
    SELECT format('%s.%s', n.nspname, c.relname), a.grantee, format('%s(%s)', a.privilege_type, t.attname)
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
         aclexplode(t.attacl) a
), by_object AS (
    SELECT object, string_agg(privilege, ' ' ORDER BY privilege) AS rights
    FROM granted JOIN pg_roles r ON r.oid = grantee AND r.rolname = $1
    GROUP BY object
)
SELECT rights, string_agg(object, ' ' ORDER BY object COLLATE "C") AS objects FROM by_object GROUP BY rights;

-- name: unprotected
SELECT format('%s.%s', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
    SELECT FROM pg_policies p
    WHERE p.schemaname = n.nspname AND p.tablename = c.relname AND p.policyname = 'tenant_only'
));

-- name: without_tenant
SELECT format('%s.%s', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public')
  AND NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
ORDER BY 1;

-- name: powers
SELECT rolname FROM pg_roles
WHERE rolname LIKE 'pointstream%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication);

-- name: older_rows
-- What two companies had before there were words of carts and topics of endpoints.
INSERT INTO notifier.webhook_endpoint
    (tenant_id, endpoint_id, url, event_types, style, description, secret, state_at, created_at, created_by)
VALUES (1, gen_random_uuid(), 'https://shop.example/', '{points.credited}', 'thin', '', '', now(), now(), 'somebody');
INSERT INTO redemption.cart
    (tenant_id, programme_id, cart_id, receipt_key, receipt_number, state, whole, fingerprint, held_until, currency,
     total_minor, parts, told, asked_at, changed_at)
VALUES (2, 2, gen_random_uuid(), gen_random_uuid(), 'R-1', 'held', true, '', now(), 'EUR', 100, '{}', '{}', now(), now());

-- name: brought_along
SELECT 'endpoint' AS what, count(*)::int FROM notifier.webhook_endpoint WHERE asked_at = state_at
UNION ALL
SELECT word, count(*)::int FROM redemption.cart_word GROUP BY word;
