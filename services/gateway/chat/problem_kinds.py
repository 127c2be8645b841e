"""What may be wrong with chats, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CHATS = (
    kind_of("chat-unknown", 404, "There is no such chat", "Nothing was ever said to this member, or it was forgotten."),
    kind_of(
        "chat-away",
        409,
        "Nobody is at the chat",
        "The programme takes no messages now: `PUT /v1/chat-desk` lets members write. What was said can be read.",
    ),
    kind_of(
        "chat-waits",
        409,
        "So many messages wait for an answer",
        "Fifty messages of a member wait for the staff. When they are answered, or settled, the member may go on.",
    ),
    kind_of(
        "message-taken",
        409,
        "The message was sent before, with other words",
        "A `message_id` stands for one message. Sent again with the same words it changes nothing.",
    ),
)
"""The operations on chats."""
