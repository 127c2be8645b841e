"""Which member a request means."""

from __future__ import annotations

from uuid import UUID

from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.store import Member, Reading


async def one_member(reading: Reading, member_id: UUID, programme: str | None) -> Member:
    """Return the member of this id; `programme` is the slug where the company has several.

    Raises:
        ProblemError: nobody of the tenant has this id, or the programme has to be named.
    """
    found = await reading.members(member_id, programme)
    if not found:
        raise ProblemError("member-unknown")
    if len(found) > 1:
        raise ProblemError(
            "programme-needed", errors=[FieldError(pointer="/query/programme", detail="name one programme")]
        )
    return found[0]
