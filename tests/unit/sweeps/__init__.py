"""Sweeps without a database."""
