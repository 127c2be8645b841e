"""Gift cards, without a database."""
