"""The catalogue: what members can have for points, at which price, and what becomes of an order; see README.md."""
