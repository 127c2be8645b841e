"""The ledger of points: pure decisions, and the SQL twins behind stores."""
