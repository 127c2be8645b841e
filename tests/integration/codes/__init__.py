"""Codes in a real database."""
