"""Members whose ledger is in hand, for every writer of points."""
