"""What may be wrong with a message to many, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

MASS = (
    kind_of(
        "mass-message-unknown",
        404,
        "No such mass message",
        "No mass message of your company has this id. `GET /v1/mass-messages` lists them.",
    ),
    kind_of(
        "mass-message-elsewhere",
        409,
        "Not possible as it stands",
        "It is sent once it is counted, approved while it waits for that, paused and resumed while it is under way, "
        "and called off before its end. `GET /v1/mass-messages/{mass_message_id}` tells how it stands.",
    ),
)
