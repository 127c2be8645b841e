"""Households: who belongs to one, and what members may spend of each other's points."""
