"""When the clock brings occasions: the moments at which members are to be looked for, and for what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.judging.occasions import Occasion
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.campaigns import Campaign
from libs.promotions.compile import RUNNING
from libs.promotions.days import why_not_at
from libs.promotions.known import in_year
from libs.promotions.occasions import ANNIVERSARY, ANY, BIRTHDAY, SCHEDULE, key
from libs.promotions.pending import start_of_day
from libs.promotions.triggers import CLOCKED, AnniversaryTrigger, BirthdayTrigger, ScheduleTrigger

_DAY = timedelta(1)
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A moment at which some members have an occasion.

    `place` orders the calls of one moment. Of a `birthday` are the members whose birthday is one of `birthdays` (month
    times 100 plus day), of an `anniversary` those who enrolled between the instants of `enrolled`, of a `schedule` all.
    """

    at: datetime
    place: str
    kind: Literal["birthday", "anniversary", "schedule"]
    of: str
    once: str
    birthdays: tuple[int, ...] = ()
    enrolled: tuple[datetime, datetime] | None = None
    years: int = 0

    def occasion(self, member_id: UUID) -> Occasion:
        """The occasion that one of its members has."""
        match self.kind:
            case "birthday":
                return Occasion(BIRTHDAY, self.of, member_id, self.at, self.once)
            case "anniversary":
                return Occasion(ANNIVERSARY, self.of, member_id, self.at, self.once, (("years", self.years),))
            case "schedule":
                return Occasion(SCHEDULE, self.of, member_id, self.at, self.once)


def is_clocked(programme: RunningProgramme) -> bool:
    """Whether any version waits for the clock."""
    return any(_clocked(version) for version in programme.versions)


def begins(programme: RunningProgramme) -> datetime:
    """When the first version begins that waits for the clock; only of a programme that has one."""
    return next(version.active_from for version in programme.versions if _clocked(version))


def calls(programme: RunningProgramme, since: datetime, until: datetime, first: datetime | None) -> list[Call]:
    """Return the calls later than one instant and not later than another, in order, each by the version of its time.

    `first` is when the first member enrolled, None while there is nobody.
    """
    found: list[Call] = []
    ends = [version.active_from for version in programme.versions[1:]]
    for version, end in zip(programme.versions, [*ends, _FAR], strict=True):
        low, high = max(since, version.active_from - timedelta.resolution), min(until, end - timedelta.resolution)
        if low < high:
            found += [call for call in _of_version(version, low, high, first) if low < call.at <= high]
    return sorted(found)


def _of_version(version: ActiveVersion, since: datetime, until: datetime, first: datetime | None) -> Iterator[Call]:
    zone, campaigns = version.zone, _clocked(version)
    if not campaigns:
        return
    for day in _days(since.astimezone(zone).date(), until.astimezone(zone).date()):
        begin = start_of_day(day, zone)
        moments = [(one, _moment(one, day, zone)) for one in campaigns]
        awake = [one for one, at in moments if since < at <= until and why_not_at(one.frame, at, zone) is None]
        yield from _birthdays(awake, day, begin)
        if first is not None:
            yield from _anniversaries(version, awake, day, begin, first.astimezone(zone).date())
        for one in awake:
            if isinstance(one.trigger, ScheduleTrigger) and day in one.trigger.days():
                of = one.id
                yield Call(_moment(one, day, zone), f"schedule/{of}", "schedule", of, f"{of}/{day}")


def _birthdays(campaigns: Iterable[Campaign], day: date, begin: datetime) -> Iterator[Call]:
    ahead = {one.trigger.days_before for one in campaigns if isinstance(one.trigger, BirthdayTrigger)}
    for days in sorted(ahead):
        target = day + days * _DAY
        # Who was born on 29 February is told of on the day that stands for it.
        bearing = {(target.month, target.day), (2, 29)}
        wanted = tuple(sorted(month * 100 + each for month, each in bearing if _falls_on((month, each), target)))
        yield Call(begin, f"birthday/{days:03d}", "birthday", str(days), f"{days}/{target.year}", birthdays=wanted)


def _falls_on(month_day: tuple[int, int], day: date) -> bool:
    return in_year(month_day, day.year) == day


def _anniversaries(
    version: ActiveVersion, campaigns: Iterable[Campaign], day: date, begin: datetime, first: date
) -> Iterator[Call]:
    if not any(isinstance(one.trigger, AnniversaryTrigger) for one in campaigns):
        return
    known = version.compiled.activities
    for years in range(1, day.year - first.year + 1):
        of = str(years) if key(ANNIVERSARY, str(years)) in known else ANY
        days = _enrolled_on(day, day.year - years)
        if days and key(ANNIVERSARY, of) in known:
            between = (start_of_day(days[0], version.zone), start_of_day(days[-1] + _DAY, version.zone))
            place = f"anniversary/{years:03d}"
            yield Call(begin, place, "anniversary", of, f"{years}", enrolled=between, years=years)


def _enrolled_on(day: date, year: int) -> list[date]:
    """The days of a year whose anniversary a day is: none, one, or the last two of February."""
    start = date(year, day.month, min(day.day, 28))
    return [one for one in (start, start + _DAY, start + 2 * _DAY, start + 3 * _DAY) if _bears(one, day)]


def _bears(enrolled: date, day: date) -> bool:
    return in_year((enrolled.month, enrolled.day), day.year) == day


def _moment(campaign: Campaign, day: date, zone: ZoneInfo) -> datetime:
    trigger = campaign.trigger
    if not isinstance(trigger, ScheduleTrigger) or trigger.at == "00:00":
        return start_of_day(day, zone)
    return datetime.combine(day, time.fromisoformat(trigger.at), zone).astimezone(UTC)


def _clocked(version: ActiveVersion) -> list[Campaign]:
    return [one for one in version.compiled.source.campaigns if one.state in RUNNING and one.trigger.kind in CLOCKED]


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY
