"""From events to the facts of a story, and from a stored decision to the story that it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from libs.promotions.pages import StoredDecision
from libs.receipts.story import Account, Content, Gained, LineReturned, Return, Story, Void
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


def story_of(decision: StoredDecision) -> Story:
    """The story of a plain purchase, told from its decision."""
    content = Content(
        decision.key,
        decision.source,
        decision.id,
        decision.occurred_at,
        decision.occurred_at,
        decision.arrived_at,
        msgspec.Raw(bytes(decision.facts)),
    )
    evaluation = decision.evaluation
    gained: dict[str, list[Gained]] = {}
    for lot in decision.lots:
        gained.setdefault(lot.wallet, []).append(Gained(lot.seq, lot.points))
    settled = evaluation is not None and decision.outcome in ("credited", "no_points")
    return Story(
        contents=(content,),
        owner=decision.member_id,
        shown=() if decision.member_id is None else shown(content),
        accounts=tuple([Account(wallet, tuple(lots)) for wallet, lots in sorted(gained.items())]),
        uses=tuple([(use.key, use.points, use.limit) for use in evaluation.uses])
        if evaluation is not None and decision.lots
        else (),
        version=evaluation.version if evaluation is not None and settled else None,
        tier=decision.tier,
        rate=decision.rate,
        switches=decision.switches if settled else (),
    )


def shown(content: Content) -> tuple[str, ...]:
    """The identifiers on a receipt as they are looked up; those of persons lie in its facts by their hashes."""
    return tuple([f"{each.kind}:{each.value}" for each in content.purchase().identifiers])


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
