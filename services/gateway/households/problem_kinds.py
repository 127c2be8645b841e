"""What may be wrong with a request about a household, or to spend with one."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

HOUSEHOLDS = (
    kind_of("household-unknown", 404, "No such household", "No household of your company has this id."),
    kind_of(
        "household-not-offered",
        409,
        "The programme has no households",
        "The programme in force lets members share no points: its document has no `household`.",
    ),
    kind_of("household-none", 409, "The member is in no household", "Points of others are spent with a household."),
    kind_of(
        "household-limit",
        409,
        "The member may spend no more of the others' points",
        "There are enough points in the household, but by this member's role and the programme's limits no more are "
        "spent. `GET /v1/members/{member_id}/household` tells how many may be.",
    ),
    kind_of(
        "household-dissolved", 409, "The household is no more", "Whoever belonged to it may found or join another one."
    ),
    kind_of(
        "household-not-allowed",
        403,
        "Only an owner may do this",
        "Owners of a household ask members in, change roles and remove members. Everybody may leave.",
    ),
    kind_of(
        "household-not-invited",
        409,
        "There is no invitation",
        "The household does not ask this member to join, or the time to accept is over. An owner may ask again.",
    ),
    kind_of(
        "household-not-a-member",
        409,
        "The member is not in this household",
        "The member neither belongs to the household nor is asked to.",
    ),
    kind_of(
        "household-already",
        409,
        "The member is in a household",
        "A member belongs to one household at a time, and is asked by each once. Leave the other one first.",
    ),
    kind_of("household-full", 409, "The household is full", "The programme lets no more members share a household."),
    kind_of(
        "household-needs-owner",
        409,
        "A household has an owner",
        "The last owner becomes nothing else before another member is made one.",
    ),
)
