"""Backtests over HTTP: asked for, carried out beside the requests by processes that give way, and told."""
