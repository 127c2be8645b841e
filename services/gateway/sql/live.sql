-- What the live page reads. Positions and shards are the platform's and have no tenant.

-- name: positions
SELECT topic, part, next_offset, moved_at, halted_at, halt_reason FROM stream.position ORDER BY topic, part;

-- name: waiting_shards
SELECT shard, published_seq, next_seq - 1 - published_seq AS events
FROM stream.outbox_shard WHERE published_seq < next_seq - 1 ORDER BY shard;

-- name: newest_pages
-- Numbers grow with time, so the newest lie at the end of the primary key and no body is touched.
SELECT page, recorded_at FROM earning.decision_page WHERE tenant_id = $1 ORDER BY page DESC LIMIT $2;

-- name: page_bodies
SELECT page, body FROM earning.decision_page WHERE tenant_id = $1 AND page = ANY ($2::bigint[]) ORDER BY page DESC;

-- name: dead_letters
SELECT topic, reason, count(*) AS letters
FROM stream.dead_letter WHERE tenant_id = $1 AND recorded_at > $2
GROUP BY topic, reason ORDER BY count(*) DESC, topic, reason LIMIT 10;

-- name: tenant
SELECT slug, name FROM platform.tenant WHERE tenant_id = $1;
