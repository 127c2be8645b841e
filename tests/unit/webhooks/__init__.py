"""Webhooks: signing, trying again, and where they may go."""
