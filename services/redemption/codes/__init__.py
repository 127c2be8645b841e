"""Codes are validated, redeemed, given back and made void."""
