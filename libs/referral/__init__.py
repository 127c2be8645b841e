"""Members who bring in others: their codes, and what becomes of each referral. Pure."""
