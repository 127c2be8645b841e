"""When campaigns begin to run and stop: by their versions, their frames, and the switches that were turned.

Weekdays and hours are not looked at: a campaign for Fridays runs all week long, and pays on Friday.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from libs.promotions.campaigns import Campaign
from libs.promotions.compile import RUNNING
from libs.promotions.programme import Programme
from libs.promotions.switches import stops

Why = Literal["published", "frame", "switch"]


class Version(NamedTuple):
    """A programme and the aware instant from which it is in force, until that of the next."""

    active_from: datetime
    programme: Programme


class Outage(NamedTuple):
    """The time, half-open, during which a switch was off; without an end while it is."""

    switch: str
    off_at: datetime
    on_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether the switch is off at an instant."""
        return self.off_at <= at and (self.on_at is None or at < self.on_at)


class Turn(NamedTuple):
    """A campaign that starts or stops at an instant, and why; `version` is the one then in force."""

    at: datetime
    campaign: str
    starts: bool
    why: Why
    version: int


def runs(campaign: Campaign, at: datetime) -> bool:
    """Tell whether the document lets a campaign run at an instant."""
    frame = campaign.frame
    return (
        campaign.state in RUNNING
        and (frame.starts_at is None or frame.starts_at <= at)
        and (frame.ends_at is None or at < frame.ends_at)
    )


class Calendar:
    """The turns of a programme's campaigns. `versions` are in order: by `active_from`, then by number."""

    def __init__(self, versions: Sequence[Version], outages: Sequence[Outage] = ()) -> None:
        self._versions = versions
        self._starts = [version.active_from for version in versions]
        self._outages = outages
        self._instants = sorted(set(self._moments()))

    def turns(self, after: datetime | None, until: datetime) -> Iterator[Turn]:
        """Give what starts and stops later than `after` (None: since ever) and not later than `until`, in order."""
        first = 0 if after is None else bisect_right(self._instants, after)
        for at in range(first, bisect_right(self._instants, until)):
            yield from self._turns_at(self._instants[at], self._instants[at - 1] if at else None)

    def running(self, at: datetime) -> dict[str, Campaign]:
        """Return, by id, the campaigns that run at an instant."""
        version = self._at(at)
        if version is None:
            return {}
        off = [outage.switch for outage in self._outages if outage.holds(at)]
        return {
            campaign.id: campaign
            for campaign in version.programme.campaigns
            if runs(campaign, at) and not any(stops(switch, campaign) for switch in off)
        }

    def _turns_at(self, instant: datetime, before: datetime | None) -> Iterator[Turn]:
        # Between two instants nothing turns, so what ran at the one before ran up to this one.
        was = {} if before is None else self.running(before)
        now = self.running(instant)
        version = self._at(instant)
        number = 0 if version is None else version.programme.version
        for campaign in sorted(was.keys() ^ now.keys()):
            starts = campaign in now
            why = self._why(instant, now[campaign] if starts else was[campaign])
            yield Turn(instant, campaign, starts, why, number)

    def _why(self, instant: datetime, campaign: Campaign) -> Why:
        turned = (outage for outage in self._outages if instant in (outage.off_at, outage.on_at))
        if any(stops(outage.switch, campaign) for outage in turned):
            return "switch"
        return "published" if instant in self._starts else "frame"

    def _at(self, instant: datetime) -> Version | None:
        index = bisect_right(self._starts, instant)
        return self._versions[index - 1] if index else None

    def _moments(self) -> Iterator[datetime]:
        for version, until in zip(self._versions, [*self._starts[1:], None], strict=True):
            yield version.active_from
            for moment in _frames(version.programme.campaigns):
                if version.active_from <= moment and (until is None or moment < until):
                    yield moment
        for outage in self._outages:
            yield outage.off_at
            if outage.on_at is not None:
                yield outage.on_at


def _frames(campaigns: Iterable[Campaign]) -> Iterator[datetime]:
    for campaign in campaigns:
        if campaign.state in RUNNING:
            yield from (moment for moment in (campaign.frame.starts_at, campaign.frame.ends_at) if moment is not None)
