-- name: known
SELECT m.digest FROM notifier.result_mail m WHERE m.tenant_id = $1 AND m.result_mail_id = $2;

-- name: add
INSERT INTO notifier.result_mail (tenant_id, result_mail_id, programme_id, digest, every, hour, language, sealed, made_by,
                                  made_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: load
SELECT m.result_mail_id, p.slug AS programme, m.every, m.hour, m.language, m.sealed, m.made_by, m.made_at, m.next_at
FROM notifier.result_mail m
JOIN platform.programme p USING (tenant_id, programme_id)
WHERE m.tenant_id = $1 AND ($2::int IS NULL OR m.programme_id = $2)
ORDER BY m.made_at, m.result_mail_id;

-- name: remove
DELETE FROM notifier.result_mail m WHERE m.tenant_id = $1 AND m.result_mail_id = $2 RETURNING m.result_mail_id;
