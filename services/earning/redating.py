"""Old points come under the terms of another version, because somebody wants it."""

from __future__ import annotations

from datetime import datetime

from libs.judging.redating import Redating, new_dates
from libs.judging.verdict import Verdict
from libs.ledger.late import effective_time
from libs.ledger.redate import redate
from libs.lives.made import Cause
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.lives import Life


def redated(arrival: Arrival, life: Life | None, now: datetime) -> Acted:
    """Give a member's points of a version the dates that another gives; it moves only what has another date."""
    data = arrival.event.data
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    if life is None:
        return Acted(Verdict("refused", "member-unknown", at))
    wanted = Redating(data.from_version, data.to_version, data.wallet, data.notice_until)
    if arrival.programme.numbered(data.to_version) is None:
        return Acted(Verdict("refused", "version-unknown", at))
    cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
    life.catch_up(now, cause)
    dates = new_dates(arrival.programme, life.ledger, life.standing.facts, wanted, now)
    movements = redate(life.ledger, dates, now, now)
    life.record(movements, cause, data.reason)
    points = sum([movement.amount for movement in movements])
    return Acted(Verdict("adjusted" if points else "unchanged", data.reason, at), (), points)
