"""The HTTP door on a real database."""
