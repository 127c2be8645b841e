"""Members who are blocked: what they do is kept, and decided once somebody has looked. Pure."""

from __future__ import annotations

BLOCKED = "member-blocked"
"""Why nothing is decided, or done, for a member."""
