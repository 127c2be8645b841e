"""The notifier on a real database, without a broker."""
