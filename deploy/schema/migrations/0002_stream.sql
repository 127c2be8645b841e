-- Positions, outbox and dead letters: the plumbing of exactly-once, without a business noun.
CREATE SCHEMA stream;

-- The consumed position of a partition. Moved by compare-and-set in the transaction that holds the effects.
CREATE TABLE stream.position (
    consumer text NOT NULL,
    topic text NOT NULL,
    part int NOT NULL CHECK (part >= 0),
    cluster_id text NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    epoch bigint NOT NULL,
    owner text NOT NULL,
    bad_streak int NOT NULL DEFAULT 0,
    recent_seen int NOT NULL DEFAULT 0,
    recent_bad int NOT NULL DEFAULT 0,
    halted_at timestamptz,
    halt_reason text,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, topic, part)
) WITH (fillfactor = 50);

-- One row a shard: where its numbering stands, up to where it is published, and who may publish it.
CREATE TABLE stream.outbox_shard (
    shard text PRIMARY KEY,
    next_seq bigint NOT NULL DEFAULT 1,
    published_seq bigint NOT NULL DEFAULT 0 CHECK (published_seq < next_seq),
    epoch bigint NOT NULL DEFAULT 0,
    holder text,
    lease_until timestamptz
) WITH (fillfactor = 50);

-- Events seq .. seq + count - 1 of a shard for one topic, framed and compressed by the writer.
CREATE TABLE stream.outbox (
    shard text NOT NULL,
    seq bigint NOT NULL,
    count int NOT NULL CHECK (count > 0),
    topic text NOT NULL,
    recorded_at timestamptz NOT NULL,
    events bytea NOT NULL,
    PRIMARY KEY (shard, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE stream.outbox_rest PARTITION OF stream.outbox DEFAULT;
-- The writer compresses already; a second try only costs.
ALTER TABLE stream.outbox_rest ALTER COLUMN events SET STORAGE EXTERNAL;

-- A record that can't be applied: why, where it stood, and its bytes under seal.
CREATE TABLE stream.dead_letter (
    letter_id uuid PRIMARY KEY,
    consumer text NOT NULL,
    tenant_id int,
    topic text NOT NULL,
    part int NOT NULL,
    record_offset bigint NOT NULL,
    record_time timestamptz NOT NULL,
    reason text NOT NULL,
    field text NOT NULL,
    detail text NOT NULL,
    attempts int NOT NULL CHECK (attempts > 0),
    sealed_key bytea,
    sealed_value bytea NOT NULL,
    sealed_headers bytea,
    recorded_at timestamptz NOT NULL,
    replayed_at timestamptz
);
CREATE INDEX dead_letter_recent ON stream.dead_letter (recorded_at DESC, letter_id);

-- Takes partitions over: a higher epoch fences whoever held them. A position not yet known starts at start_offset.
-- The shard of a partition shares its fate, so it is claimed with it.
CREATE FUNCTION stream.claim(
    p_consumer text, p_owner text, p_cluster text, p_now timestamptz, p_lease_until timestamptz,
    p_topics text[], p_parts int[], p_topic_ids text[], p_starts bigint[], p_shards text[]
) RETURNS TABLE (
    topic text, part int, next_offset bigint, epoch bigint, cluster_id text, topic_id text, halt_reason text,
    bad_streak int, recent_seen int, recent_bad int, published_seq bigint
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS (
        SELECT * FROM unnest(p_topics, p_parts, p_topic_ids, p_starts, p_shards)
            AS w(topic, part, topic_id, start_offset, shard)
        ORDER BY w.topic, w.part
    ), claimed AS (
        INSERT INTO stream.position AS p
            (consumer, topic, part, cluster_id, topic_id, next_offset, epoch, owner, moved_at)
        SELECT p_consumer, w.topic, w.part, p_cluster, w.topic_id, w.start_offset, 1, p_owner, p_now FROM wanted w
        ON CONFLICT (consumer, topic, part) DO UPDATE SET epoch = p.epoch + 1, owner = excluded.owner
        RETURNING p.*
    ), shards AS (
        INSERT INTO stream.outbox_shard AS s (shard, epoch, holder, lease_until)
        SELECT w.shard, c.epoch, p_owner, p_lease_until FROM wanted w JOIN claimed c USING (topic, part)
        ON CONFLICT (shard) DO UPDATE
            SET epoch = excluded.epoch, holder = excluded.holder, lease_until = excluded.lease_until
        RETURNING s.shard, s.published_seq
    )
    SELECT c.topic, c.part, c.next_offset, c.epoch, c.cluster_id, c.topic_id, c.halt_reason,
           c.bad_streak, c.recent_seen, c.recent_bad, s.published_seq
    FROM claimed c JOIN wanted w USING (topic, part) JOIN shards s ON s.shard = w.shard;
END $$;

-- Moves positions by compare-and-set and says which moved; the others are fenced, and their records must be dropped.
-- A halt is stored with the move, so it survives the worker that decided it.
CREATE FUNCTION stream.advance(
    p_consumer text, p_now timestamptz, p_topics text[], p_parts int[], p_froms bigint[], p_tos bigint[],
    p_epochs bigint[], p_streaks int[], p_seen int[], p_bad int[], p_halts text[]
) RETURNS boolean[]
LANGUAGE plpgsql AS $$
DECLARE
    moved boolean[];
BEGIN
    PERFORM 1 FROM stream.position p JOIN unnest(p_topics, p_parts) AS v(topic, part) USING (topic, part)
    WHERE p.consumer = p_consumer ORDER BY p.topic, p.part FOR NO KEY UPDATE OF p;

    WITH span AS (
        SELECT * FROM unnest(p_topics, p_parts, p_froms, p_tos, p_epochs, p_streaks, p_seen, p_bad, p_halts)
            WITH ORDINALITY AS v(topic, part, was, becomes, epoch, streak, seen, bad, halt, ord)
    ), done AS (
        UPDATE stream.position p
        SET next_offset = v.becomes, moved_at = p_now, bad_streak = v.streak, recent_seen = v.seen, recent_bad = v.bad,
            halted_at = CASE WHEN v.halt IS NULL THEN NULL ELSE p_now END, halt_reason = v.halt
        FROM span v
        WHERE p.consumer = p_consumer AND p.topic = v.topic AND p.part = v.part
          AND p.next_offset = v.was AND p.epoch = v.epoch
        RETURNING v.ord
    )
    SELECT array_agg(d.ord IS NOT NULL ORDER BY s.ord) INTO moved FROM span s LEFT JOIN done d USING (ord);
    RETURN moved;
END $$;

-- Numbers events and stores them; called last in a transaction, so that within a shard commit order is seq order.
-- p_published moves the cursor of each shard along with it (what the caller knows to be acknowledged).
CREATE FUNCTION stream.enqueue(
    p_now timestamptz, p_shards text[], p_published bigint[],
    p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    seqs bigint[];
BEGIN
    PERFORM 1 FROM stream.outbox_shard s WHERE s.shard = ANY (p_shards) ORDER BY s.shard FOR NO KEY UPDATE;

    WITH event_row AS (
        SELECT v.*, sum(v.count) OVER (PARTITION BY v.shard ORDER BY v.ord) - v.count AS ahead
        FROM unnest(p_row_shards, p_row_topics, p_row_counts, p_row_events)
            WITH ORDINALITY AS v(shard, topic, count, events, ord)
    ), total AS (
        SELECT shard, sum(count) AS count FROM event_row GROUP BY shard
    ), numbered AS (
        UPDATE stream.outbox_shard s
        SET next_seq = s.next_seq + coalesce(t.count, 0), published_seq = greatest(s.published_seq, k.published)
        FROM unnest(p_shards, p_published) AS k(shard, published) LEFT JOIN total t USING (shard)
        WHERE s.shard = k.shard
        RETURNING s.shard, s.next_seq - coalesce(t.count, 0) AS first_seq
    ), stored AS (
        INSERT INTO stream.outbox (shard, seq, count, topic, recorded_at, events)
        SELECT r.shard, n.first_seq + r.ahead, r.count, r.topic, p_now, r.events
        FROM event_row r JOIN numbered n USING (shard)
        RETURNING shard, seq
    )
    SELECT array_agg(n.first_seq + r.ahead ORDER BY r.ord) INTO seqs
    FROM event_row r JOIN numbered n USING (shard);
    RETURN coalesce(seqs, '{}');
END $$;
