"""From events to the facts of a story, and from a stored decision to the story that it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from libs.receipts.story import Content, LineReturned, Return, Story, Void
from services.earning import arrivals
from services.earning.arrivals import Arrival

_structs = msgspec.structs


def with_fact(story: Story, arrival: Arrival) -> Story:
    """Add what an event says about its receipt.

    Raises:
        ValueError: a bug of the caller: it is no fact of a receipt.
    """
    data = arrival.event.data
    match arrival.kind:
        case arrivals.COMPLETED | arrivals.CORRECTED:
            return _structs.replace(story, contents=(*story.contents, content_of(arrival)))
        case arrivals.VOIDED:
            return _structs.replace(story, voids=(*story.voids, Void(arrival.key, arrival.event.time)))
        case arrivals.RETURNED:
            lines = tuple([LineReturned(line.line, line.quantity, line.amount_minor) for line in data.lines])
            back = Return(arrival.key, arrival.event.time, lines, data.amount_minor)
            return _structs.replace(story, returns=(*story.returns, back))
    raise ValueError(f"{arrival.kind} is no fact of a receipt")


def content_of(arrival: Arrival) -> Content:
    """What a purchase or a correction says was bought."""
    event, corrects = arrival.event, arrival.kind == arrivals.CORRECTED
    return Content(
        arrival.key,
        event.source,
        event.id,
        event.time,
        event.data.purchased_at if corrects else event.time,
        arrival.arrived_at,
        msgspec.Raw(arrival.facts),
        corrects,
    )


def first_owner(
    scope: tuple[int, int], identifiers: Iterable[str], owners: Mapping[tuple[int, int, str], UUID]
) -> UUID | None:
    """Whoever has the first identifier that anybody has: who a receipt or an activity belongs to."""
    tenant, programme = scope
    for name in identifiers:
        member_id = owners.get((tenant, programme, name))
        if member_id is not None:
            return member_id
    return None
