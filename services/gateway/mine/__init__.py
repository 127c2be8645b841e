"""The member's own page: what their points are worth, chosen, redeemed and shown on a phone."""
