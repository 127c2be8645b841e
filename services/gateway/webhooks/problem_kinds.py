"""What may be wrong with a request about webhooks, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

WEBHOOKS = (
    kind_of(
        "webhook-unknown",
        404,
        "No such webhook",
        "No endpoint of your company has this id, or no message for it has the other: what came to an end long ago is "
        "forgotten.",
    ),
    kind_of(
        "webhook-refused",
        422,
        "No webhook can go there",
        "An endpoint is a URL with https and a name or address that is public, without user and password. The name is "
        "looked up when the endpoint is made, and again whenever it is connected to.",
    ),
    kind_of(
        "webhooks-full",
        409,
        "Too many endpoints",
        "A company has up to 50 endpoints. Remove one, or let one endpoint want several types.",
    ),
)
