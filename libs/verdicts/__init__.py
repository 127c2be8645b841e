"""Verdicts: what a purchase brings, by the programme in force; decided by earning, foretold by the gateway."""
