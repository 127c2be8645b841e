"""Webhooks at the door: endpoints made and changed, what they were told, and what is told again."""
