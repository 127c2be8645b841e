"""The notifier on a real database."""
