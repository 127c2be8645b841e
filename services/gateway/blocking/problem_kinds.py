"""What may be wrong where members are blocked, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

BLOCKS = (
    kind_of(
        "member-blocked",
        409,
        "The member is blocked",
        "Somebody has blocked the member: nothing new is begun for them. `GET /v1/members/{id}/blocks` tells why; what "
        "was held before can still be committed, released and cancelled.",
    ),
    kind_of("block-unknown", 409, "The member is not blocked", "There is no block to be lifted."),
)
