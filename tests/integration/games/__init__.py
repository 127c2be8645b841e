"""Games in a real database."""
