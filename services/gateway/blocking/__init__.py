"""Blocking members: nothing of theirs earns or pays until somebody lifts it."""
