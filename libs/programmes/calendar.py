"""The calendar of a programme: when each campaign pays over a range of days, and the boundaries among them. Pure.

The past is told by the versions that were in force, less the time in which a campaign was switched off; what is to come
by the version in force and those that wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from libs.ledger.boundary import boundary_after
from libs.ledger.periods import begin_of
from libs.ledger.zones import load_zone
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.campaigns import Campaign
from libs.promotions.compile import RUNNING
from libs.promotions.days import END, Span
from libs.promotions.openings import DayRun, day_runs, open_days
from libs.promotions.pending import start_of_day
from libs.promotions.programme import Programme
from libs.promotions.switches import stops
from libs.promotions.turns import Outage
from libs.sweeps.calendar import periods_of

Status = Literal["draft", "scheduled", "live", "paused", "ended", "off"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""How a campaign stands; `off` is one that a kill switch stops."""
MOST_DAYS = 400
MOST_VERSIONS = 100
"""So many versions are looked at, the latest; when there were more, the calendar says since when it tells."""
_DAY = timedelta(1)
_YEAR = timedelta(366)
_RESTING = ("draft", "paused")


class DayRange(NamedTuple):
    """The days that are asked for, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign, as the version `version` has it, and the days on which it pays.

    `would` are days on which it would pay if it were started: of drafts, and of what is paused or switched off.
    """

    campaign: Campaign
    version: int
    status: Status
    days: tuple[DayRun, ...]
    would: tuple[DayRun, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """A boundary at which points of some wallets lapse, and the campaigns that pay in the days left before it.

    `last_day` is the last day on which these points can be spent.
    """

    at: datetime
    last_day: date
    wallets: tuple[str, ...]
    campaigns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """All of it. `told_from` is the instant since when it is complete, if that lies within the range."""

    programme: Programme
    days: DayRange
    today: date
    campaigns: tuple[Planned, ...]
    endings: tuple[Ending, ...]
    told_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which campaigns are shown: those that may pay at a partner or store or in a segment, of a status and a kind.

    A kind is one of effect or of trigger.
    """

    partner: str | None = None
    store: str | None = None
    segment: str | None = None
    status: str | None = None
    kind: str | None = None

    def holds(self, planned: Planned) -> bool:
        """Tell whether a campaign is to be shown."""
        when = planned.campaign.when
        return (
            _may(self.partner, when.partners, when.not_partners)
            and _may(self.store, when.stores, when.not_stores)
            and _may(self.segment, when.segments, when.not_segments)
            and self.status in (None, planned.status)
            and (self.kind is None or self.kind in kinds(planned.campaign))
        )


def kinds(campaign: Campaign) -> tuple[str, ...]:
    """Name the kinds of a campaign: of its trigger, then of its effects."""
    return tuple(dict.fromkeys((campaign.trigger.kind, *(effect.kind for effect in campaign.benefits))))


class _Slice(NamedTuple):
    """A version and the time, half-open, for which it is in force within what is looked at."""

    version: StoredVersion
    since: datetime
    until: datetime


def needed(versions: Versions, days: DayRange, zone: str, now: datetime) -> list[StoredVersion]:
    """Return the versions whose documents a calendar is made of, in the order in which they come into force."""
    return [one.version for one in _slices(versions, days, load_zone(zone), now)]


def calendar(
    versions: Versions,
    documents: Mapping[int, Programme],
    outages: Sequence[Outage],
    days: DayRange,
    zone_name: str,
    now: datetime,
) -> Calendar | None:
    """Tell what is planned; `documents` are those of `needed`. None where no version is in force in that time."""
    zone = load_zone(zone_name)
    slices = _slices(versions, days, zone, now)
    if not slices:
        return None
    by_id: dict[str, list[tuple[Campaign, _Slice]]] = {}
    for one in slices:
        for campaign in documents[one.version.number].campaigns:
            by_id.setdefault(campaign.id, []).append((campaign, one))
    present = versions.in_force(now)
    planned = [_planned(each, present, outages, zone, now) for each in by_id.values()]
    shown = documents[next((one.version for one in slices if one.version == present), slices[-1].version).number]
    today = now.astimezone(zone).date()
    clipped = [_clipped(each, days) for each in planned]
    return Calendar(
        shown,
        days,
        today,
        tuple(sorted((each for each in clipped if _matters(each)), key=_place)),
        tuple(_endings(shown, days, today, zone, planned)),
        slices[0].since if slices[0].since > _begin(days, zone, now) and _had_earlier(versions, slices[0]) else None,
    )


def _begin(days: DayRange, zone: ZoneInfo, now: datetime) -> datetime:
    """Since when is looked: from today on, if that is before the days, for what comes before their first boundary."""
    today = now.astimezone(zone).date()
    return start_of_day(min(days.first, max(today, days.first - _YEAR)), zone)


def _slices(versions: Versions, days: DayRange, zone: ZoneInfo, now: datetime) -> list[_Slice]:
    begin, end = _begin(days, zone, now), start_of_day(days.last + _DAY, zone)
    ordered = sorted(versions.all, key=lambda each: (each.active_from, each.number))
    found = []
    for version, following in zip(ordered, [*ordered[1:], None], strict=True):
        since = max(version.active_from, begin)
        until = end if following is None else min(following.active_from, end)
        if since < until:
            found.append(_Slice(version, since, until))
    return found[-MOST_VERSIONS:]


def _had_earlier(versions: Versions, first: _Slice) -> bool:
    return any(each.active_from < first.version.active_from for each in versions.all)


def _planned(
    found: Sequence[tuple[Campaign, _Slice]],
    present: StoredVersion | None,
    outages: Sequence[Outage],
    zone: ZoneInfo,
    now: datetime,
) -> Planned:
    """Put together what the versions say of one campaign; what counts now is shown, else what comes, else what was."""
    in_force = [pair for pair in found if pair[1].version == present]
    coming = [pair for pair in found if pair[1].version.active_from > now]
    campaign, shown = (in_force or coming or found[-1:])[0]
    off = any(outage.holds(now) and stops(outage.switch, campaign) for outage in outages)
    pays: set[date] = set()
    would: set[date] = set()
    for each, one in found:
        stopped = [(outage.off_at, outage.on_at or END) for outage in outages if stops(outage.switch, each)]
        if each.state in RUNNING:
            for since, until in _less((one.since, one.until), stopped):
                pays.update(open_days(each.frame, zone, (since, until)))
        ahead = (max(one.since, now), one.until)
        if (each.state in _RESTING or off) and ahead[0] < ahead[1]:
            would.update(open_days(each.frame, zone, ahead))
    status = _status(campaign, shown, gone=not in_force and not coming, off=off, now=now)
    return Planned(campaign, shown.version.number, status, day_runs(sorted(pays)), day_runs(sorted(would - pays)))


def _less(span: Span, stopped: Sequence[Span]) -> Iterator[Span]:
    """Give what is left of a span without some others."""
    since, until = span
    for off_at, on_at in sorted(stopped):
        if since < min(off_at, until):
            yield since, min(off_at, until)
        since = max(since, on_at)
    if since < until:
        yield since, until


def _status(campaign: Campaign, shown: _Slice, *, gone: bool, off: bool, now: datetime) -> Status:
    frame = campaign.frame
    if gone or campaign.state == "ended" or (frame.ends_at is not None and frame.ends_at <= now):
        return "ended"
    if campaign.state in _RESTING:
        return "draft" if campaign.state == "draft" else "paused"
    if off:
        return "off"
    begins = max(shown.version.active_from, frame.starts_at or shown.version.active_from)
    return "scheduled" if begins > now else "live"


def _clipped(planned: Planned, days: DayRange) -> Planned:
    return replace(planned, days=_within(planned.days, days), would=_within(planned.would, days))


def _within(runs: Iterable[DayRun], days: DayRange) -> tuple[DayRun, ...]:
    cut = (DayRun(max(run.first, days.first), min(run.last, days.last)) for run in runs)
    return tuple(run for run in cut if run.first <= run.last)


def _matters(planned: Planned) -> bool:
    """Leave out what pays on none of the days: it has ended, or is live at another time."""
    return bool(planned.days or planned.would)


def _place(planned: Planned) -> tuple[date, str]:
    runs = planned.days or planned.would
    return runs[0].first, planned.campaign.id


def _endings(
    programme: Programme, days: DayRange, today: date, zone: ZoneInfo, planned: Sequence[Planned]
) -> Iterator[Ending]:
    """Give the boundaries of the wallets in order, those that several have once."""
    found: dict[datetime, tuple[date, date, list[str]]] = {}
    for each in sorted(periods_of(programme), key=lambda each: each.wallet):
        boundary = boundary_after(days.first, zone, each.period)
        while boundary.local_date <= days.last:
            begun = begin_of(each.period, boundary.local_date)
            since, _, wallets = found.setdefault(boundary.instant, (begun, boundary.local_date, []))
            named = wallets if each.wallet in wallets else [*wallets, each.wallet]
            found[boundary.instant] = (min(since, begun), boundary.local_date, named)
            boundary = boundary_after(boundary.local_date + _DAY, zone, each.period)
    for at, (since, last, wallets) in sorted(found.items()):
        left = DayRange(max(since, min(today, last)) if last >= today else since, last)
        before = [
            each.campaign.id for each in planned if _within(each.days, left) and _leads_to(each, at, wallets, zone)
        ]
        yield Ending(at, last, tuple(wallets), tuple(sorted(before)))


def _leads_to(planned: Planned, at: datetime, wallets: Sequence[str], zone: ZoneInfo) -> bool:
    """Tell whether a campaign may stand before a boundary: one ahead of a wallet's boundaries only before those."""
    asked = planned.campaign.frame.before_expiry
    if asked is None:
        return True
    return asked.wallet in wallets and asked.ends_at(at, zone)


def _may(asked: str | None, named: Sequence[str], barred: Sequence[str]) -> bool:
    return asked is None or ((not named or asked in named) and asked not in barred)
