"""Households through the door: redemption decides who belongs to one; what members may spend is read here."""
