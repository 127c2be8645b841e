"""Webhooks by Standard Webhooks 1.0.0: what is sent, how it is signed, when it is tried again, and where it may go."""
