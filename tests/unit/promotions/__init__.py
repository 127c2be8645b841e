"""Tests: the promotion engine."""
