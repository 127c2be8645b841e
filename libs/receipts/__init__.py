"""Receipts and what happens to them: the story of a receipt number, which earning writes and the gateway tells."""
