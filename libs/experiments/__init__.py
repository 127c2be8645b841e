"""Experiments: what the members of each arm did, and what that says."""
