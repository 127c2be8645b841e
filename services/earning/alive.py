"""Members whose points lapse by inactivity: what they do moves the dates of what they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from libs.judging.alive import REASON, alive_until, keep_alive, told_late
from libs.judging.verdict import NewCredit, Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.model import Kind
from libs.lives.life import MemberName
from libs.lives.made import Cause
from libs.receipts.story import Content
from services.earning.arrivals import Arrival
from services.earning.lives import Life
from services.earning.prolonging import prolong_by
from services.earning.verdict import Standing


def stay_alive(
    programme: RunningProgramme, life: Life, activity: str | None, at: datetime, now: datetime, cause: Cause
) -> None:
    """Record what an activity of an instant (None: a purchase) keeps alive; then, as ever, what time has done."""
    if programme.revives and life.whole:
        for made in keep_alive(programme, life.ledger, life.standing.facts, activity, at, now):
            life.record((made,), cause, REASON if made.kind is Kind.WAIVE else None)
    life.catch_up(now, cause)


def buying(
    programme: RunningProgramme, life: Life, verdict: Verdict, now: datetime, cause: Cause
) -> Sequence[NewCredit]:
    """The same of a purchase, after the later dates that it grants; return what it brings, with the dates of that."""
    prolong_by(programme, life, verdict, now, cause)
    stay_alive(programme, life, None, verdict.judged_at, now, cause)
    return told_late(programme, life.ledger, verdict.credits)


def stay_alive_by(
    programme: RunningProgramme, life: Life, content: Content | None, now: datetime, cause: Cause
) -> None:
    """The same of a receipt by what stands of it; one that was voided keeps nothing alive that it had not already."""
    if content is None:
        life.catch_up(now, cause)
        return
    at = effective_time(content.purchased_at, content.arrived_at).instant
    stay_alive(programme, life, None, at, now, cause)


class Revived:
    """The members of a batch whose lots may be moved by what they do: the ledgers of these are needed whole.

    A member of whom more than one event speaks is one, for the first may make the lot that the second moves.
    """

    def __init__(self, standings: Mapping[MemberName, Standing]) -> None:
        self._standings = standings
        self._seen: set[MemberName] = set()
        self.names: dict[MemberName, None] = {}

    def see(self, arrival: Arrival, members: Iterable[MemberName]) -> None:
        """Note who does something by an event."""
        at = effective_time(arrival.event.time, arrival.arrived_at).instant
        for name in members:
            standing = self._standings.get(name)
            if standing is None:
                continue
            if name in self._seen or _moves(arrival.programme, standing, at):
                self.names[name] = None
            self._seen.add(name)


def _moves(programme: RunningProgramme, standing: Standing, at: datetime) -> bool:
    """Whether a date may lie before that of an activity of this instant, or behind it, where that is told late."""
    until = alive_until(programme, standing.facts, at)
    return until is not None and standing.lapses_at is not None and standing.lapses_at != until
