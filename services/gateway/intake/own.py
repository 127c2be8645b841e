"""Activities that the gateway itself has seen, told to earning like any other: for them too campaigns may pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request

from libs.contracts.rejection import Rejection
from libs.judging.versions import RunningProgramme
from services.gateway.door.problems import ProblemError
from services.gateway.intake.desk import RETRY_SECONDS, Desk, desk_of
from services.gateway.intake.offers import OWN_SOURCES, Kinds, offer
from services.gateway.intake.publisher import CannotPublish

_RECORDED, _UPDATED = Kinds.of("activity.recorded.v1"), Kinds.of("member.updated.v1")


class Told(NamedTuple):
    """Something that is told of a member; the same `name` is the same event, however often it is told."""

    kinds: Kinds
    name: str
    data: Mapping[str, Any]

    @classmethod
    def activity(cls, name: UUID | str, data: Mapping[str, Any]) -> Told:
        """That the member did something: what it is, with its own facts under `data`, always the same."""
        return cls(_RECORDED, str(name), data)

    @classmethod
    def attributes(cls, name: str, found: Mapping[str, str | int | bool]) -> Told:
        """What is known of the member from now on."""
        return cls(_UPDATED, name, {"attributes": dict(found)})


async def tell_activity(
    request: Request, running: RunningProgramme, part: str, name: UUID, member_id: UUID, data: Mapping[str, Any]
) -> None:
    """Publish that a member did something here; the same `name` is the same activity, however often it is told.

    `part` is the last part of its source, `data` what it is, with its own facts under `data`: always the same.

    Raises:
        ProblemError: the broker can't be reached; nothing is known to have been told.
    """
    await tell(request, running, part, member_id, [Told.activity(name, data)])


async def tell(request: Request, running: RunningProgramme, part: str, member_id: UUID, events: Sequence[Told]) -> None:
    """Publish some events about a member; `part` is the last part of their source.

    Raises:
        ProblemError: the broker can't be reached; not all of them are known to have been told.
    """
    try:
        await publish(desk_of(request), running, part, member_id, events)
    except CannotPublish:
        raise ProblemError("publishing-away", headers={"Retry-After": RETRY_SECONDS}) from None


async def publish(desk: Desk, running: RunningProgramme, part: str, member_id: UUID, events: Sequence[Told]) -> None:
    """Publish some events about a member, where no request waits for it.

    Raises:
        CannotPublish: the broker can't be reached; not all of them are known to have been told.
    """
    records = []
    for each in events:
        event = {
            "id": each.name,
            "source": f"{OWN_SOURCES}/{running.tenant}/{running.programme}/{part}",
            "time": desk.clock.now().isoformat(),
            "data": {**each.data, "member_id": str(member_id)},
        }
        offered = offer(event, each.kinds, desk.names, own=True)
        assert not isinstance(offered, Rejection), "what the gateway tells is an event"
        records.append(offered.record)
    await desk.publisher.publish(records)
