"""Scenarios that somebody asks to be tried on what happened."""
