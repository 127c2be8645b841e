"""What may be wrong with what is asked of a sweep, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

SWEEPS = (
    kind_of(
        "sweep-unknown",
        404,
        "No such sweep",
        "No sweep of your company has this id. `GET /v1/sweeps` lists them, from a week before their boundary on.",
    ),
    kind_of(
        "sweep-otherwise",
        409,
        "The sweep does not stand so",
        "What is over can not be paused, what does not rest can not go on, and nothing starts before its boundary. "
        "`GET /v1/sweeps/{sweep_id}` tells how it stands.",
    ),
)
