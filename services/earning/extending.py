"""What people do to a member's points by hand: corrections, other dates, and what lapsed given back."""

from __future__ import annotations

from datetime import datetime

from libs.judging.verdict import Verdict
from libs.ledger.extend import Wish, extend
from services.earning.activities import Acted, correct, in_hand
from services.earning.arrivals import ADJUSTED, EXTENSION, REDATING, REINSTATEMENT, Arrival
from services.earning.lives import Life
from services.earning.merging import Merges
from services.earning.redating import redated
from services.earning.reinstating import Lapses, bring_back


def by_hand(arrival: Arrival, life: Life | None, lapses: Lapses, merges: Merges | None, now: datetime) -> Acted:
    """Decide on what a person asked for; `lapses` is what had lapsed of those to whom anything is to come back."""
    if arrival.kind == REINSTATEMENT:
        return bring_back(arrival, life, lapses, merges, now)
    return _BY_KIND[arrival.kind](arrival, life, now)


def extend_as_asked(arrival: Arrival, life: Life | None, now: datetime) -> Acted:
    """Extend a member's points as a person asked."""
    data = arrival.event.data
    found = in_hand(arrival, life, now)
    if isinstance(found, Acted):
        return found
    at, life, version, cause = found
    boundaries = 1 if data.boundaries is None and data.days is None else data.boundaries
    wish = Wish(data.wallet, boundaries, data.days, pooled=not data.all_lots, from_now=data.from_now)
    calendar = version.calendar(data.wallet, life.standing.facts)
    decided = extend(life.ledger, wish, calendar, now)
    if decided.refused is not None:
        return Acted(Verdict("refused", decided.refused, at))
    life.record(decided.movements, cause, data.reason)
    return Acted(Verdict("adjusted", data.reason, at), (), decided.points)


_BY_KIND = {ADJUSTED: correct, EXTENSION: extend_as_asked, REDATING: redated}
