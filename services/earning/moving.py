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

    Nothing goes from or to a member who is blocked.
    """
    data = arrival.event.data
    if arrival.kind in arrivals.PAIRS and not arrival.programme.blocked.isdisjoint((data.member_id, data.to_member_id)):
        return Acted(Verdict("refused", BLOCKED, effective_time(arrival.event.time, arrival.arrived_at).instant))
    if arrival.kind == arrivals.TRANSFER:
        return moved_to(arrival, life, life_of, used, use, now)
    assert merges is not None, "whoever is to be merged is loaded"
    if arrival.kind == arrivals.MERGE:
        survivor = life_of(arrival.programme, data.to_member_id)
        return merges.merge(arrival, life, survivor, use, now)
    acted = merges.unmerge(arrival, life, use, now)
    for each in (life, life_of(arrival.programme, data.member_id)):
        if each is not None:
            life_of(arrival.programme, each.name[2])
    return acted
