"""Households: who belongs to one, and what members spend of each other's points."""
