"""Codes that are worth something: nobody guesses them, and who has a dump of them has nothing."""
