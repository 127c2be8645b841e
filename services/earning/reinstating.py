"""Points that lapsed and are to come back: decisions on a member whose ledger, with the lapsed lots, is in hand.

Of somebody who was merged they come back into the ledger that they lapsed in, and go on to the survivor at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from libs.judging.verdict import Verdict
from libs.ledger.reinstate import Lapse, after_movements, is_reinstatement, reinstate
from libs.lives.life import MemberName
from services.earning.activities import Acted, in_hand
from services.earning.arrivals import Arrival
from services.earning.lives import Life
from services.earning.merging import Merges

Lapses = Mapping[MemberName, Sequence[Lapse]]
"""What had lapsed of members when the batch began, as their journals say."""


def bring_back(arrival: Arrival, life: Life | None, lapses: Lapses, merges: Merges | None, now: datetime) -> Acted:
    """Give back what lapsed in the span that the request names, as far as the programme's window and limits reach."""
    data = arrival.event.data
    found = in_hand(arrival, life, now)
    if isinstance(found, Acted):
        return found
    at, survivor, version, cause = found
    life = survivor
    if survivor.name[2] != data.member_id:
        merged = None if merges is None else merges.away.get((*arrival.scope, data.member_id))
        if merged is None:
            return Acted(Verdict("refused", "member-merged", at))
        life = merged
    rules = version.compiled.source.reinstatement
    opens = max(data.lapsed_after, data.requested_at - timedelta(days=rules.within_days))
    lapsed = [
        lapse
        for lapse in after_movements(lapses.get(life.name, ()), [made.movement for made in life.made])
        if lapse.wallet == data.wallet and opens < lapse.lapsed_at <= data.lapsed_until
    ]
    until = data.expires_at
    calendar = version.calendar(data.wallet, survivor.standing.facts)
    if until is None and (boundary := calendar.next_boundary(now)) is not None:
        until = boundary.instant
    done = reinstate(life.ledger, lapsed, data.points, now, until, rules.most_points_per_member)
    if done.refused is not None:
        return Acted(Verdict("refused", done.refused, at))
    life.record(done.movements, cause, data.reason)
    if merges is not None and life is not survivor:
        parts = [part for each in done.movements if is_reinstatement(each) for part in each.allocations]
        merges.pass_on(life, survivor, parts, cause, data.reason, now)
    return Acted(Verdict("adjusted", data.reason, at), (), data.points)
