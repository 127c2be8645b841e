"""Members' balances as the world is told them: read from the ledger for many at once, and written as events."""
