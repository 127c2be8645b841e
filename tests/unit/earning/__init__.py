"""Tests: what earning decides."""
