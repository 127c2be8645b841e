"""The states of a delivery, each with its times, and how one follows the other. Pure.

waiting ─▶ sending ─▶ handed ─▶ delivered ─▶ opened ─▶ clicked
   ▲          │          └──────────┴─▶ bounced
postponed ◀───┤
              └─▶ failed, suppressed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifier.domain import Drop, Send, Verdict, Wait

FeedbackKind = Literal["delivered", "opened", "clicked", "bounced", "complained", "failed"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody has looked at it; not before `due_at`."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """It was looked at, and is looked at again."""

    due_at: datetime
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """A worker has it until its lease ends."""

    holder: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """Its carrier has it."""

    at: datetime
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Its carrier says that it arrived."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """The member opened it first then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Clicked:
    """The member followed one of its links first then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Bounced:
    """It came back, or its reader complained."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Nobody takes it."""

    at: datetime
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """It was not sent, on purpose."""

    at: datetime
    reason: str


State = (
    Waiting | Postponed | Sending | Handed | Delivered | Opened | Clicked | Bounced | Failed | Suppressed
)  # the union that rows are read into and written from
Kept = Postponed | Handed | Failed | Suppressed
"""What becomes of a delivery that was taken in hand."""

_RANK = {"handed": 0, "delivered": 1, "opened": 2, "clicked": 3}
_BAD = ("bounced", "complained", "failed")


def name_of(state: State) -> str:
    """What rows, topics and people call a state."""
    return type(state).__name__.lower()


def undelivered(verdict: Wait | Drop, now: datetime) -> Postponed | Suppressed:
    """The state after a decision not to send."""
    match verdict:
        case Wait(until, reason):
            return Postponed(until, reason)
        case Drop(reason):
            return Suppressed(now, reason)


def heard(state: str, kind: FeedbackKind, reason: str, at: datetime) -> Delivered | Opened | Clicked | Bounced | None:
    """The state after something was heard of a delivery in `state`; None when that brings nothing new.

    What is heard may come twice and in any order: a message that was opened has been delivered, and one that came back
    is not taken for delivered again. A complaint counts whatever was heard before.
    """
    if state not in _RANK:
        return None
    if kind in _BAD:
        return Bounced(at, reason) if kind == "complained" or _RANK[state] <= _RANK["delivered"] else None
    if _RANK[kind] <= _RANK[state]:
        return None
    made: dict[str, type[Delivered] | type[Opened] | type[Clicked]]
    made = {"delivered": Delivered, "opened": Opened, "clicked": Clicked}
    return made[kind](at)


def will_send(verdict: Verdict) -> bool:
    """Whether a decision is to send."""
    return isinstance(verdict, Send)
