"""Redemption, without its servers."""
