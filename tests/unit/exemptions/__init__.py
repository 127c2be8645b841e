"""Exceptions from expiry."""
