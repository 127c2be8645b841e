"""Points into rewards."""
