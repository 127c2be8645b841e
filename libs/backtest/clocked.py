"""What the clock brings to members over a stretch of time, by the function that the live clock calls. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from heapq import merge

from libs.backtest.history import Profile
from libs.backtest.persons import state_of
from libs.judging.calls import Call, calls
from libs.judging.occasions import Occasion, enrolment
from libs.judging.versions import RunningProgramme
from libs.ledger.late import GRACE

_DAY = timedelta(1)


class Clocked:
    """The calls of a programme from the first enrolment until an instant, found once for all members."""

    def __init__(self, programme: RunningProgramme, first: datetime | None, until: datetime) -> None:
        self._everybody: list[Call] = []
        self._birthdays: dict[int, list[Call]] = {}
        self._anniversaries: dict[date, list[Call]] = {}
        instant = timedelta.resolution
        found = [] if first is None or first >= until else calls(programme, first - instant, until - instant, first)
        for call in found:
            for day in call.birthdays:
                self._birthdays.setdefault(day, []).append(call)
            if call.enrolled is not None:
                for since in _days(*call.enrolled):
                    self._anniversaries.setdefault(since, []).append(call)
            if call.kind == "schedule":
                self._everybody.append(call)

    def of(self, profile: Profile) -> Iterator[Occasion]:
        """The occasions of a member, in order: who had not enrolled by the moment has no part in it."""
        since, told = profile.enrolled_at, set()
        birthdays = sorted({day for state in profile.states for day in _number(state.birthday)})
        near = self._anniversaries.get(since.astimezone(UTC).date(), ())
        anniversaries = [call for call in near if call.enrolled and call.enrolled[0] <= since < call.enrolled[1]]
        for call in merge(self._everybody, *[self._birthdays.get(day, ()) for day in birthdays], anniversaries):
            if call.at < since or (call.kind, call.once) in told:
                continue
            if call.birthdays and not {*_number(state_of(profile, call.at).birthday)} & {*call.birthdays}:
                continue
            if call.kind == "birthday":  # one that was changed comes once a year all the same
                told.add((call.kind, call.once))
            yield call.occasion(profile.member_id)


def enrolment_of(profile: Profile) -> Occasion | None:
    """That a member has enrolled; None of who came from elsewhere, where they enrolled long before we heard of it."""
    if profile.told_at is not None and profile.told_at - profile.enrolled_at > GRACE:
        return None
    return enrolment(profile.member_id, profile.enrolled_at)


def _number(birthday: tuple[int, int] | None) -> tuple[int, ...]:
    return () if birthday is None else (birthday[0] * 100 + birthday[1],)


def _days(since: datetime, until: datetime) -> Iterator[date]:
    """The days in UTC that a stretch of time touches."""
    day = since.astimezone(UTC).date()
    while day <= until.astimezone(UTC).date():
        yield day
        day += _DAY
