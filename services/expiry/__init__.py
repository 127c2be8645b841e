"""Periods that close, and the points that lapse with them."""
