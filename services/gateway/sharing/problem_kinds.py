"""What may be wrong with something that is to be shared, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

SHARING = (
    kind_of(
        "nothing-to-share",
        409,
        "There is nothing of it to share",
        "The member has not got this badge, or has no place in this ranking; or `key` does not stand in it.",
    ),
)
