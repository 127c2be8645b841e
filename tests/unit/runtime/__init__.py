"""The plumbing, without any server."""
