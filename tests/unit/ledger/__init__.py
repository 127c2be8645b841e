"""The pure ledger."""
