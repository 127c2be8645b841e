"""Questionnaires through the door: kept, asked, filled in, and counted."""
