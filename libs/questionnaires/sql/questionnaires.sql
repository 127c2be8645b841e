-- name: keep
-- A questionnaire, in place of the one of that name.
INSERT INTO gateway.questionnaire (tenant_id, programme_id, name, document, kept_by, kept_at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6)
ON CONFLICT (tenant_id, programme_id, name) DO UPDATE
    SET document = excluded.document, kept_by = excluded.kept_by, kept_at = excluded.kept_at;

-- name: load
SELECT name, document::text AS document, kept_by, kept_at FROM gateway.questionnaire
WHERE tenant_id = $1 AND programme_id = $2 AND ($3::text IS NULL OR name = $3) ORDER BY name;

-- name: note_filled
INSERT INTO gateway.questionnaire_filled (tenant_id, programme_id, name, member_id, filled_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, programme_id, name, member_id) DO UPDATE SET filled_at = excluded.filled_at;

-- name: filled
SELECT name, filled_at FROM gateway.questionnaire_filled
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3;

-- name: answered
SELECT count(*) FROM gateway.questionnaire_filled WHERE tenant_id = $1 AND programme_id = $2 AND name = $3;

-- name: standing
-- What stands in the profiles of those who filled a questionnaire in: how many have which value of some attributes.
SELECT e.key AS attribute, e.value #>> '{}' AS value, count(*)::int AS times
FROM gateway.questionnaire_filled f
JOIN vault.profile p
  ON p.tenant_id = f.tenant_id AND p.programme_id = f.programme_id AND p.member_id = f.member_id AND p.present
CROSS JOIN LATERAL jsonb_each(p.attributes) AS e
WHERE f.tenant_id = $1 AND f.programme_id = $2 AND f.name = $3 AND e.key = ANY ($4::text[])
GROUP BY 1, 2 ORDER BY 1, 2;
