"""Commands against a real database and a real broker."""
