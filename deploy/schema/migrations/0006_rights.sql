-- Who may do what. Roles are made before the first migration; each service gets the least that its work needs.

-- Row-level security on a table with a tenant: people see the tenant of their request, stream workers see all.
CREATE FUNCTION platform.protect(p_table regclass, p_workers text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    worker text;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY tenant_only ON %s USING (tenant_id = platform.current_tenant())', p_table);
    FOREACH worker IN ARRAY p_workers LOOP
        EXECUTE format('CREATE POLICY %I ON %s TO %I USING (true)', worker || '_works', p_table, worker);
    END LOOP;
END $$;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning', 'pointstream_redemption',
                                              'pointstream_expiry', 'pointstream_notifier'])
FROM unnest(ARRAY['platform.tenant', 'platform.programme', 'platform.programme_version', 'platform.source',
                  'platform.exchange_rate']) AS name;

SELECT platform.protect(name::regclass, ARRAY['pointstream_operator', 'pointstream_earning'])
FROM unnest(ARRAY['members.member', 'members.identifier', 'ledger.member', 'ledger.lot', 'ledger.movement',
                  'ledger.allocation', 'ledger.debt', 'earning.inbox', 'earning.decision_page', 'earning.decision_page_rest',
                  'earning.receipt', 'earning.receipt_event', 'earning.unpaid_receipt', 'earning.unclaimed_receipt',
                  'earning.parked_receipt', 'earning.counter', 'stream.dead_letter']) AS name;

-- The door looks a key up before it knows the tenant.
SELECT platform.protect('gateway.api_key', ARRAY['pointstream_operator', 'pointstream_gateway']);

GRANT USAGE ON SCHEMA platform TO pointstream_operator, pointstream_earning, pointstream_redemption,
    pointstream_expiry, pointstream_notifier, pointstream_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA platform TO pointstream_operator, pointstream_earning, pointstream_redemption,
    pointstream_expiry, pointstream_notifier, pointstream_gateway;

-- earning
GRANT USAGE ON SCHEMA stream, members, ledger, earning TO pointstream_earning;
GRANT SELECT, INSERT, UPDATE ON stream.position, stream.outbox_shard TO pointstream_earning;
GRANT SELECT, INSERT ON stream.outbox, stream.dead_letter TO pointstream_earning;
GRANT SELECT, INSERT ON members.member, members.identifier, ledger.member, ledger.lot, ledger.movement,
    ledger.allocation, ledger.debt TO pointstream_earning;
GRANT UPDATE (member_id, recorded_at) ON members.identifier TO pointstream_earning;
GRANT UPDATE (seq, tier, activates_at, lapses_at, owing) ON ledger.member TO pointstream_earning;
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_earning;
GRANT UPDATE (amount, since) ON ledger.debt TO pointstream_earning;
GRANT SELECT ON ledger.journal, ledger.lot_now TO pointstream_earning;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA earning TO pointstream_earning;
GRANT UPDATE (programme_id, event_key, page, member_id, story) ON earning.receipt TO pointstream_earning;
GRANT UPDATE (page) ON earning.inbox TO pointstream_earning;
GRANT DELETE ON earning.unclaimed_receipt, earning.parked_receipt TO pointstream_earning;
GRANT UPDATE (used) ON earning.counter TO pointstream_earning;
GRANT USAGE ON SEQUENCE earning.page TO pointstream_earning;

-- gateway: reads, and keeps its own keys
GRANT USAGE ON SCHEMA members, ledger, earning, gateway TO pointstream_gateway;
GRANT SELECT ON members.member, members.identifier, ledger.member, ledger.lot, ledger.movement, ledger.allocation,
    ledger.debt, ledger.journal, ledger.lot_now, earning.inbox, earning.decision_page, earning.receipt, earning.receipt_event,
    earning.unpaid_receipt, earning.unclaimed_receipt, earning.parked_receipt, gateway.api_key TO pointstream_gateway;
GRANT UPDATE (last_used_at) ON gateway.api_key TO pointstream_gateway;

-- the operator's command line: sees all, registers tenants and keys, lifts halts, marks replays
GRANT USAGE ON SCHEMA stream, members, vault, ledger, earning, redemption, expiry, notifier, gateway
    TO pointstream_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA stream, members, ledger, earning, gateway TO pointstream_operator;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA platform TO pointstream_operator;
GRANT DELETE ON platform.source TO pointstream_operator;
-- rebuilds what follows from the movements
GRANT UPDATE (remaining, held, pending, now_active_from, now_expires_at) ON ledger.lot TO pointstream_operator;
GRANT UPDATE (seq, activates_at, lapses_at, owing) ON ledger.member TO pointstream_operator;
GRANT INSERT, DELETE ON ledger.debt TO pointstream_operator;
GRANT INSERT, UPDATE ON gateway.api_key TO pointstream_operator;
GRANT UPDATE (halted_at, halt_reason, bad_streak, recent_seen, recent_bad) ON stream.position TO pointstream_operator;
GRANT UPDATE (replayed_at) ON stream.dead_letter TO pointstream_operator;

GRANT USAGE ON SCHEMA redemption TO pointstream_redemption;
GRANT USAGE ON SCHEMA expiry TO pointstream_expiry;
GRANT USAGE ON SCHEMA notifier TO pointstream_notifier;
