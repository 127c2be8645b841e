"""Tests: integration of earning."""
