"""Tests: what a backtest finds."""
