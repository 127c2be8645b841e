"""Which tier a member stands in: decided from what the member did, by the rules of a tier set."""
