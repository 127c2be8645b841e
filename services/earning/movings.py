"""Points that go from member to member: decisions on two members whose ledgers are in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.judging.verdict import Verdict
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.transfer import transfer
from libs.lives.made import Cause
from libs.lives.passing import record
from libs.promotions.transfers import Counted, counted, passes
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.lives import Life

LifeOf = Callable[[RunningProgramme, UUID], Life | None]
Use = Callable[[RunningProgramme, str, int, int], None]
NO_LIMIT = 10**15
"""What a counter may hold that another rule has bounded already: its member is locked."""


def moved_to(
    arrival: Arrival, giver: Life | None, life_of: LifeOf, used: Mapping[str, int], use: Use, now: datetime
) -> Acted:
    """Give a member's points to another; who is the same person as the giver by now gets nothing from themselves.

    `used` are the counters of the programme, and `use` counts on in one.
    """
    data = arrival.event.data
    at = effective_time(arrival.event.time, arrival.arrived_at).instant
    receiver = life_of(arrival.programme, data.to_member_id)
    if giver is None or receiver is None:
        return Acted(Verdict("refused", "member-unknown", at))
    if giver is receiver:
        return Acted(Verdict("refused", "same-member", at))
    version = arrival.programme.at(at)
    if version is None or data.wallet not in version.calendars:
        return Acted(Verdict("refused", "wallet-unknown", at))
    uses = given_by(arrival, version, giver.name[2], giver.standing.facts.tier, at)
    if (limited := _limited(version, data.points, uses, used)) is not None:
        return Acted(Verdict("refused", limited, at))
    cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
    for life in (giver, receiver):
        life.catch_up(now, cause)
    made = transfer(giver.ledger, receiver.ledger, data.wallet, data.points, now)
    if made.refused is not None:
        return Acted(Verdict("refused", made.refused, at))
    for each in uses:
        use(arrival.programme, each.key, each.amount, NO_LIMIT)
    record(giver, receiver, made.given, cause, data.reason)
    record(receiver, giver, made.received, cause, data.reason)
    return Acted(Verdict("transferred", data.reason, at), (), data.points)


def given_by(
    arrival: Arrival, version: ActiveVersion, member: UUID, tier: str | None, at: datetime
) -> tuple[Counted, ...]:
    """The counters that a transfer uses; none where the programme has no limits."""
    transfers, data = version.compiled.source.transfers, arrival.event.data
    if transfers is None:
        return ()
    return tuple(counted(transfers, member, data.reason, data.points, tier, at, version.zone))


def _limited(
    version: ActiveVersion, points: int, uses: Sequence[Counted], used: Mapping[str, int]
) -> Literal["transfer-too-small", "transfer-limit"] | None:
    transfers = version.compiled.source.transfers
    if transfers is None:
        return None
    if points < transfers.min_points:
        return "transfer-too-small"
    return "transfer-limit" if passes(uses, used) else None
