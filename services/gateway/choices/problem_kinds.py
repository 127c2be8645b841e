"""What may be wrong with a choice, beside what may be wrong with any order."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CHOICES = (
    kind_of("choice-unknown", 404, "No such choice", "The member was granted no choice of this id."),
    kind_of("choice-made", 409, "The choice was made", "Another of its rewards was chosen; one is all there is."),
    kind_of("choice-over", 409, "The choice is over", "Its time has passed, or what granted it was taken back."),
    kind_of("choice-differs", 422, "It is not among these", "Choose one of the `rewards` that the choice lists."),
)
