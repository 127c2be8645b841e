"""Carts: codes, points and gift cards quoted together, and set aside for a receipt."""
