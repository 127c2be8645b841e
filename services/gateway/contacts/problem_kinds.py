"""What may be wrong with contact data, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

CONTACTS = (
    kind_of(
        "contact-unknown",
        404,
        "No such address",
        "The member has no address of this id. `GET /v1/members/{id}/contacts` names those that there are.",
    ),
    kind_of(
        "member-erased",
        409,
        "The member's personal data was erased",
        "Nothing more is kept of whoever was erased. A person who comes back joins as a new member.",
    ),
)
