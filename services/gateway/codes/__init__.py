"""Codes and gift cards through the door: redemption decides, pools and statements are read here."""
