"""How members can be reached, and what they agreed to: personal data, kept in one place."""
