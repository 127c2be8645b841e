"""What may be wrong with what members say of orders, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

FEEDBACK = (
    kind_of("rating-unknown", 404, "Nobody rated it", "The member has said nothing of this order yet."),
    kind_of(
        "rating-too-early",
        409,
        "There is nothing to rate yet",
        "The order is only set aside, or was let go. It can be rated once it was made.",
    ),
)
