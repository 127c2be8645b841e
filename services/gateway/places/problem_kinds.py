"""What may be wrong with a position, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

PLACES = (
    kind_of(
        "position-not-agreed",
        403,
        "The member has not agreed to this",
        "Being told of offers by place takes a consent to `location` on at least one channel; looking for stores takes "
        "that not all were refused. The member says so on the preference page, or you by "
        "`POST /v1/members/{id}/consents`. Nothing of the position was kept.",
    ),
)
