"""What is decided when a message is about to be sent: send it, leave it for later, or drop it, and why. Pure.

All that a decision needs is a value: who the member is, what they said, what they were sent, what is true by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal
from uuid import UUID

from libs.contacts.consent import may_write
from libs.contacts.person import Address, Person
from libs.messages.content import ADDRESSLESS, ChannelName, Purpose
from services.notifier.hours import Quiet, next_decent

DropReason = Literal[
    "too_late",  # of no use any more
    "member_left",
    "nothing_lapses",  # spent or moved since
    "points_spared",  # an exception keeps them
    "not_dropping",  # the level is kept after all, or lost already
    "goal_reached",  # what the scenario is for has come
    "not_meant",  # in none of the segments or tiers that the step is for
    "called_off",  # whoever sent it to many called it off
    "held_out",  # in the control group of the scenario
    "reached_otherwise",  # over another channel
    "no_consent",
    "opted_out",
    "no_address",
    "address_dead",
    "quiet_until_too_late",  # the next decent hour is too late
    "cap_reached",
    "not_told",  # the programme does not tell this any more
]
WaitReason = Literal["quiet_hours", "cap_reached", "cap_contended", "paused", "member_unreadable"]

CONTENDED = timedelta(seconds=5)
UNREADABLE = timedelta(hours=1)
"""When it is looked again whether a member's data can be read."""
SPREAD = timedelta(minutes=15)
"""Over so long what waited for the morning is spread, as far as there is time."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many messages in any span of so long."""

    most: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Untrue:
    """What the message would say is not so any more."""

    reason: DropReason


Facts = Mapping[str, Any]
"""What a message tells, as of now, by name."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What else the member has, of the purpose: when they were handed messages, and how many are being sent now."""

    handed: tuple[datetime, ...] = ()
    sending: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One delivery as it is decided: what it is, and all that is known at this moment.

    `chance` between 0 and 1 spreads what waits for the same hour. `reached` says that another channel reached the
    member. `quiet` is None for what keeps no quiet hours. `held_until` is when to look again at what is paused.
    """

    delivery_id: UUID
    member: tuple[int, int, UUID]
    channel: ChannelName
    purpose: Purpose
    useful_until: datetime | None
    person: Person | None
    truth: Facts | Untrue
    zone: tzinfo
    quiet: Quiet | None
    limits: tuple[Limit, ...] = ()
    sent: Sent = field(default_factory=Sent)
    reached: bool = False
    chance: float = 0.0
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send it, to this address (None on a channel that needs none), with these facts."""

    address: Address | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; look again then."""

    until: datetime
    reason: WaitReason


@dataclass(frozen=True, slots=True)
class Drop:
    """Never, over this channel."""

    reason: DropReason


Verdict = Send | Wait | Drop


def decide(case: Case, now: datetime) -> Verdict:
    """Decide one delivery at an instant. The order is that of worth to whoever asks: what is final comes first."""
    for reason in _final(case, now):
        return Drop(reason)
    assert case.person is not None
    if not case.person.readable:
        return _look_again(case, now + UNREADABLE, "member_unreadable")
    address = _address(case.person, case.channel)
    if isinstance(address, Drop):
        return address
    assert not isinstance(case.truth, Untrue)
    return _in_time(case, now) or Send(address, case.truth)


def _final(case: Case, now: datetime) -> Iterator[DropReason]:
    """Why it is never sent, whatever the hour, as far as that is not about addresses."""
    if case.useful_until is not None and case.useful_until <= now:
        yield "too_late"
    if case.reached:
        yield "reached_otherwise"
    if isinstance(case.truth, Untrue):
        yield case.truth.reason
    if case.person is None:
        yield "member_left"
    else:
        permission = may_write(case.person, case.purpose, case.channel)
        if not permission.allowed:
            yield "no_consent" if permission.consent is None else "opted_out"


def decide_all(cases: Sequence[Case], now: datetime) -> list[Verdict]:
    """Decide a batch in its order: what one is sent counts for the caps of the next."""
    verdicts: list[Verdict] = []
    going: dict[tuple[tuple[int, int, UUID], Purpose], int] = {}
    for case in cases:
        verdict = decide(case, now)
        name = (case.member, case.purpose)
        if isinstance(verdict, Send) and case.limits:
            more = going.get(name, 0)
            if more:
                counted = Sent((*case.sent.handed, *[now] * more), case.sent.sending)
                verdict = _capped(case, counted, now) or verdict
            if isinstance(verdict, Send):
                going[name] = more + 1
        verdicts.append(verdict)
    return verdicts


def _address(person: Person, channel: ChannelName) -> Address | Drop | None:
    """Where to; of several the one that was told last."""
    if channel in ADDRESSLESS:
        return None
    known = [each for each in person.addresses if each.channel == channel]
    alive = [each for each in known if each.alive]
    if alive:
        return alive[0]
    return Drop("address_dead" if known else "no_address")


def _in_time(case: Case, now: datetime) -> Wait | Drop | None:
    """What keeps it from going out at this moment, if anything does."""
    if case.held_until is not None:
        return _look_again(case, case.held_until, "paused")
    if case.quiet is not None:
        opens = next_decent(now, case.quiet, case.zone)
        if opens > now:
            return _later(case, opens, "quiet_hours", Drop("quiet_until_too_late"))
    return _capped(case, case.sent, now)


def _look_again(case: Case, until: datetime, reason: WaitReason) -> Wait:
    """Look again later, and no later than it is of use: what is let go on before that still goes out."""
    return Wait(until if case.useful_until is None else min(until, case.useful_until), reason)


def _capped(case: Case, sent: Sent, now: datetime) -> Wait | Drop | None:
    """The caps, counting what is being sent by others; that may still fail, so it is looked at again soon."""
    free_at, contended = now, False
    for limit in case.limits:
        within = sorted([at for at in sent.handed if at > now - limit.span], reverse=True)
        if len(within) >= limit.most:
            free_at = max(free_at, within[limit.most - 1] + limit.span)
        elif len(within) + sent.sending >= limit.most:
            contended = True
    if free_at > now:
        return _later(case, free_at, "cap_reached", Drop("cap_reached"))
    return Wait(now + CONTENDED * (1 + case.chance), "cap_contended") if contended else None


def _later(case: Case, at: datetime, reason: WaitReason, else_: Drop) -> Wait | Drop:
    """Wait until an instant and a little more, to spread the load, unless it is of no use by then."""
    if case.useful_until is None:
        return Wait(at + SPREAD * case.chance, reason)
    if at >= case.useful_until:
        return else_
    return Wait(at + min(SPREAD, (case.useful_until - at) / 2) * case.chance, reason)
