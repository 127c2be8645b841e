"""The ways in: what is sent over HTTP is checked, published and acknowledged; nothing here writes a ledger."""
