"""Whose points do not lapse at a boundary, from when to when: from rules and facts to the spans on a member's head."""
