"""Reminders and messages to members."""
