"""What may be wrong with what a provider tells."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CALLBACKS = (
    kind_of(
        "callback-not-signed",
        403,
        "The callback is not signed",
        "A provider signs what it tells with the secret that the company has set for it, over the address that was "
        "set as its `callback`. Whatever is not signed so changes nothing.",
    ),
)
