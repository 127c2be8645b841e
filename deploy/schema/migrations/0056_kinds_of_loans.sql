-- What is lent is a movement, and that it falls due is another; used by the next migration.
ALTER TYPE ledger.kind ADD VALUE 'lend';
ALTER TYPE ledger.kind ADD VALUE 'fall_due';
