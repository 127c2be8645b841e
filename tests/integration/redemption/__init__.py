"""Redemption in one process with earning, on a real database: what must hold whatever is asked, and whatever dies."""
