"""The steps of reminder series ahead of boundaries: when each is due, and which of them are still of use. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from libs.ledger.zones import load_zone
from libs.promotions.programme import Programme
from libs.promotions.reminders import MOST_DAYS, Reminder, ReminderAudience
from libs.sweeps.calendar import Turn, WalletPeriod, turns

_LONGEST_SERIES = timedelta(MOST_DAYS + 2)
_LONGEST_PERIOD = timedelta(days=400)
NOTICED = timedelta(days=7)
"""So long after its boundary a step that was missed is still written down as skipped."""

Key = tuple[str, datetime, str]
"""Wallet, boundary and step."""


class Series(NamedTuple):
    """The reminders of a version, by wallet, and since when and until before when it is in force; None: still."""

    version: int
    since: datetime
    until: datetime | None
    reminders: Mapping[str, tuple[Reminder, ...]]

    def covers(self, at: datetime) -> bool:
        """Whether the version is in force at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


class Step(NamedTuple):
    """One step ahead of one boundary of a wallet. `since` is the boundary of the wallet before it, as far as known."""

    wallet: str
    boundary: datetime
    name: str
    days: int
    due_at: datetime
    since: datetime
    local_date: date
    zone: str
    version: int
    audience: ReminderAudience

    @property
    def key(self) -> Key:
        """What tells it from all others of its programme."""
        return self.wallet, self.boundary, self.name


class Standing(NamedTuple):
    """What is to be done about steps: those that start now, and those that are written down as skipped."""

    start: list[Step]
    skip: list[Step]


def reminders_of(document: Programme) -> dict[str, tuple[Reminder, ...]]:
    """Return the reminders of a version, by wallet; wallets without any are left out."""
    return {wallet.name: wallet.reminders for wallet in document.wallets if wallet.reminders}


def series_of(versions: Iterable[tuple[int, datetime, Mapping[str, tuple[Reminder, ...]]]]) -> tuple[Series, ...]:
    """Return the series of versions, given by number with when each comes into force, for as long as each is."""
    ordered = sorted(versions, key=lambda each: (each[1], each[0]))
    ends = [*(since for _, since, _ in ordered[1:]), None]
    return tuple(
        [
            Series(version, since, until, reminders)
            for (version, since, reminders), until in zip(ordered, ends, strict=True)
            if reminders and since != until
        ]
    )


def steps(series: Sequence[Series], periods: Iterable[WalletPeriod], after: datetime, until: datetime) -> list[Step]:
    """Return the steps due behind `after` and no later than `until`, in order, each of the version in force then."""
    if not series:
        return []
    found: dict[Key, Step] = {}
    before: dict[str, datetime] = {}
    for turn in turns(periods, after - _LONGEST_PERIOD, until + _LONGEST_SERIES):
        for wallet in turn.wallets:
            since = before.get(wallet, after - _LONGEST_PERIOD)
            before[wallet] = turn.boundary.instant
            for each in series:
                for step in _steps_of(each, wallet, turn, since):
                    if after < step.due_at <= until:
                        found.setdefault(step.key, step)
    return sorted(found.values(), key=lambda step: (step.due_at, step.key))


def stand(due: Sequence[Step], known: Collection[Key], now: datetime) -> Standing:
    """Tell what is to be done about steps that are due by now and of which nothing is `known` yet.

    Of a boundary only the last that is due is of use, and none when it has passed.
    """
    latest: dict[tuple[str, datetime], datetime] = {}
    for step in due:
        latest[step.key[:2]] = max(step.due_at, latest.get(step.key[:2], step.due_at))
    standing = Standing([], [])
    for step in due:
        if step.key not in known and step.boundary > now - NOTICED:
            useful = step.boundary > now and step.due_at == latest[step.key[:2]]
            (standing.start if useful else standing.skip).append(step)
    return standing


def looked_back(now: datetime) -> datetime:
    """Behind which instant the steps are due that may matter now."""
    return now - _LONGEST_SERIES


def _steps_of(series: Series, wallet: str, turn: Turn, since: datetime) -> Iterable[Step]:
    about = turn.boundary
    for reminder in series.reminders.get(wallet, ()):
        due_at = reminder.due_at(about.local_date, load_zone(about.zone))
        if series.covers(due_at) and due_at < about.instant:
            yield Step(
                wallet,
                about.instant,
                reminder.step,
                reminder.days,
                due_at,
                since,
                about.local_date,
                about.zone,
                series.version,
                reminder.audience,
            )
