"""Webhooks: events of the output topics become messages for endpoints, and lanes send them until they are taken."""
