"""Codes, without a database."""
