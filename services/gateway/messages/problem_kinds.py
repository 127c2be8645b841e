"""What may be wrong with a question about messages, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

MESSAGES = (
    kind_of(
        "message-unknown",
        404,
        "No such message",
        "No message of your company has this id. `GET /v1/members/{member_id}/messages` lists those of a member.",
    ),
)
