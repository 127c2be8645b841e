"""Programmes as they are published: drafts, plans, versions and kill switches, for commands and the gateway alike."""
