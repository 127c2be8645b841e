"""Whom members brought in, what that brought, and what waits for a person."""
