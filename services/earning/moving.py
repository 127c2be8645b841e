"""Transfers, merges and their undoing: which of them an event asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from libs.judging.blocks import BLOCKED
from libs.judging.verdict import Verdict
from libs.ledger.late import effective_time
from services.earning import arrivals
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.lives import Life
from services.earning.merging import Merges
from services.earning.movings import LifeOf, Use, moved_to


def move(
    arrival: Arrival,
    life: Life | None,
    merges: Merges | None,
    life_of: LifeOf,
    used: Mapping[str, int],
    use: Use,
    now: datetime,
) -> Acted:
    """Decide on points, or a whole member, that are to go to another; `life` is the ledger of whom the event names.

    Nothing goes from or to a member who is blocked, nor by an id that leads to one.
    """
    data = arrival.event.data
    if arrival.kind in arrivals.PAIRS and _blocked(arrival, life, life_of):
        return Acted(Verdict("refused", BLOCKED, effective_time(arrival.event.time, arrival.arrived_at).instant))
    if arrival.kind == arrivals.TRANSFER:
        return moved_to(arrival, life, life_of, used, use, now)
    assert merges is not None, "whoever is to be merged is loaded"
    if arrival.kind == arrivals.MERGE:
        survivor = life_of(arrival.programme, data.to_member_id)
        return merges.merge(arrival, life, survivor, used, use, now)
    acted = merges.unmerge(arrival, life, use, now)
    for each in (life, life_of(arrival.programme, data.member_id)):
        if each is not None:
            life_of(arrival.programme, each.name[2])
    return acted


def _blocked(arrival: Arrival, life: Life | None, life_of: LifeOf) -> bool:
    """Whether one of the two members whom an event names is blocked, or whom their id leads to."""
    programme, data = arrival.programme, arrival.event.data
    if not programme.blocked:
        return False
    found = (life, life_of(programme, data.to_member_id))
    named = {data.member_id, data.to_member_id, *(each.name[2] for each in found if each is not None)}
    return not programme.blocked.isdisjoint(named)
