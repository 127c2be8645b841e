"""Points that lapsed and are to come back: decisions on a member whose ledger, with the lapsed lots, is in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from libs.judging.verdict import Verdict
from libs.ledger.late import effective_time
from libs.ledger.reinstate import Lapse, after_movements, reinstate
from libs.lives.life import MemberName
from services.earning.activities import Acted, in_hand
from services.earning.arrivals import Arrival
from services.earning.lives import Life

Lapses = Mapping[MemberName, Sequence[Lapse]]
"""What had lapsed of members when the batch began, as their journals say."""


def bring_back(arrival: Arrival, life: Life | None, lapses: Lapses, now: datetime) -> Acted:
    """Give back what lapsed in the span that the request names, as far as the programme's window and limits reach."""
    data = arrival.event.data
    if life is not None and life.name[2] != data.member_id:
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        return Acted(Verdict("refused", "member-merged", at))
    found = in_hand(arrival, life, now)
    if isinstance(found, Acted):
        return found
    at, life, version, cause = found
    rules = version.compiled.source.reinstatement
    opens = max(data.lapsed_after, data.requested_at - timedelta(days=rules.within_days))
    lapsed = [
        lapse
        for lapse in after_movements(lapses.get(life.name, ()), [made.movement for made in life.made])
        if lapse.wallet == data.wallet and opens < lapse.lapsed_at <= data.lapsed_until
    ]
    until = data.expires_at
    if until is None and (boundary := version.calendars[data.wallet].next_boundary(now)) is not None:
        until = boundary.instant
    done = reinstate(life.ledger, lapsed, data.points, now, until, rules.most_points_per_member)
    if done.refused is not None:
        return Acted(Verdict("refused", done.refused, at))
    life.record(done.movements, cause, data.reason)
    return Acted(Verdict("adjusted", data.reason, at), (), data.points)
