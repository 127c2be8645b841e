"""Expiry without a database."""
