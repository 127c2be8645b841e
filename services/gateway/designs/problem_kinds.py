"""What may be wrong with a design, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

DESIGNS = (
    kind_of(
        "design-invalid",
        422,
        "The design is not valid",
        "Each error names the field and why, such as `/on_accent` and the contrast that it takes. Nothing was "
        "published.",
    ),
    kind_of(
        "design-unknown",
        404,
        "No such design",
        "Nothing is published under this name, or no version has this number. `GET /v1/designs` lists what there is.",
    ),
    kind_of(
        "draft-changed",
        409,
        "Somebody else has saved this draft since",
        "Look at the draft as it is now, and save yours on its `revision`.",
    ),
    kind_of(
        "picture-invalid",
        422,
        "That is no picture",
        "A PNG, JPEG, GIF or WebP picture of at most 2 MiB is taken, known by its bytes.",
    ),
)
