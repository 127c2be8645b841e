"""The pure catalogue."""
