"""Carts: codes, points and gift cards are set aside together for a receipt, and committed with it."""
