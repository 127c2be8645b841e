"""What may be wrong on members' own pages, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

MINE = (
    kind_of(
        "page-only-shown",
        403,
        "The page is only shown",
        "Somebody of the company opened the member's own page to look at it. What the member does there takes a link "
        "of the member's own.",
    ),
)
