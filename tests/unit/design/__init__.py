"""Styles, blocks and landing pages."""
