"""Segments: who is in which, why, and when time alone may change that."""
