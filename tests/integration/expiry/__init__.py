"""Sweeps on a real database and broker."""
