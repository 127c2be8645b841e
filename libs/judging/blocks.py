"""Members who are blocked: what they buy is kept, and decided once that is lifted. Pure."""

from __future__ import annotations

BLOCKED = "member-blocked"
"""Why nothing is decided, or done, for a member."""
