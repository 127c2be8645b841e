-- The last step of a batch that used shared limits, in one call: what batches share is locked from here to the commit only.
-- Raises PS001 as earning.count_uses does.
CREATE FUNCTION earning.end_batch(
    p_now timestamptz, p_shards text[], p_published bigint[],
    p_row_shards text[], p_row_topics text[], p_row_counts int[], p_row_events bytea[],
    p_tenants int[], p_programmes int[], p_keys text[], p_uses bigint[], p_limits bigint[]
) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM earning.count_uses(p_tenants, p_programmes, p_keys, p_uses, p_limits);
    RETURN stream.enqueue(p_now, p_shards, p_published, p_row_shards, p_row_topics, p_row_counts, p_row_events);
END $$;
