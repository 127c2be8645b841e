"""What may be wrong with an invitation, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

INVITATIONS = (
    kind_of(
        "invitations-spent",
        429,
        "No more friends are invited today",
        "A member invites at most 20 friends in any 24 hours. Wait as long as `Retry-After` says.",
    ),
    kind_of(
        "invitations-off",
        409,
        "The programme has no referral",
        "Friends are invited where the programme's document has `referral`, which says what that brings.",
    ),
)
