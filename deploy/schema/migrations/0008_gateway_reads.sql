-- What the live page of the door reads: how far workers and outbox are, and how many records of the tenant were refused.
-- Nothing of what a dead letter holds.

GRANT USAGE ON SCHEMA stream TO pointstream_gateway;
GRANT SELECT ON stream.position, stream.outbox_shard TO pointstream_gateway;
GRANT SELECT (tenant_id, topic, reason, recorded_at) ON stream.dead_letter TO pointstream_gateway;

-- Receipts that wait for a decision are listed newest first. There are few of them.
CREATE INDEX parked_recent ON earning.parked_receipt (tenant_id, recorded_at DESC, receipt_key DESC);
