"""How members are reached and what they agreed to: for callers with a key, and for members with a link."""
