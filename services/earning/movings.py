"""Points that go from member to member: decisions on two members whose ledgers are in hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import structs

from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.model import Kind, Movement
from libs.ledger.transfer import transfer
from libs.lives.made import Cause
from services.earning.activities import Acted
from services.earning.arrivals import Arrival
from services.earning.lives import Life

LifeOf = Callable[[RunningProgramme, UUID], Life | None]


def moved_to(arrival: Arrival, giver: Life | None, life_of: LifeOf, now: datetime) -> Acted:
    """Give a member's points to another; who is the same person as the giver by now gets nothing from themselves."""
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
    cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
    for life in (giver, receiver):
        life.catch_up(now, cause)
    made = transfer(giver.ledger, receiver.ledger, data.wallet, data.points, now)
    if made.refused is not None:
        return Acted(Verdict("refused", made.refused, at))
    record(giver, receiver, made.given, cause, data.reason)
    record(receiver, giver, made.received, cause, data.reason)
    return Acted(Verdict("transferred", data.reason, at), (), data.points)


def record(life: Life, other: Life, movements: Sequence[Movement], cause: Cause, reason: str) -> None:
    """Record one side of a transfer, and with each movement of it who the other side is."""
    before = len(life.made)
    life.record(movements, cause, reason)
    counterpart = other.name[2]
    life.made[before:] = [
        structs.replace(made, counterpart=counterpart) if made.movement.kind is Kind.TRANSFER else made
        for made in life.made[before:]
    ]
