"""Activities that the gateway itself has seen, told to earning like any other: for them too campaigns may pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request

from libs.contracts.rejection import Rejection
from libs.judging.versions import RunningProgramme
from services.gateway.door.problems import ProblemError
from services.gateway.intake.desk import RETRY_SECONDS, desk_of
from services.gateway.intake.offers import OWN_SOURCES, Kinds, offer
from services.gateway.intake.publisher import CannotPublish

_RECORDED = Kinds.of("activity.recorded.v1")


async def tell_activity(
    request: Request, running: RunningProgramme, part: str, name: UUID, member_id: UUID, data: Mapping[str, Any]
) -> None:
    """Publish that a member did something here; the same `name` is the same activity, however often it is told.

    `part` is the last part of its source, `data` what it is, with its own facts under `data`: always the same.

    Raises:
        ProblemError: the broker can't be reached; nothing is known to have been told.
    """
    desk = desk_of(request)
    event = {
        "id": str(name),
        "source": f"{OWN_SOURCES}/{running.tenant}/{running.programme}/{part}",
        "time": desk.clock.now().isoformat(),
        "data": {**data, "member_id": str(member_id)},
    }
    offered = offer(event, _RECORDED, desk.names, own=True)
    assert not isinstance(offered, Rejection), "what the gateway tells is an event"
    try:
        await desk.publisher.publish([offered.record])
    except CannotPublish:
        raise ProblemError("publishing-away", headers={"Retry-After": RETRY_SECONDS}) from None
