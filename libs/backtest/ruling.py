"""What rules ask of members: segments, occasions, what is personal; and what no stored history tells. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from libs.backtest.clocked import Clocked
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.campaigns import Campaign
from libs.promotions.compile import RUNNING
from libs.promotions.occasions import is_occasion
from libs.promotions.segments import AttributeIs, Balance, BirthdayNear, OnList, Segment
from libs.promotions.triggers import BirthdayTrigger, SegmentTrigger
from libs.promotions.variables import EXPRESSIONS
from libs.segments.known import Rules

_REDEMPTIONS = "redemptions"
"""Variables that begin so tell how often points were turned into something."""

TURNS = frozenset(("tier_reached", "segment_entered", "segment_left"))
"""Kinds of occasions that time alone may bring, by what a member did before."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One side's programme, and what it asks.

    `segments` are those that campaigns ask for or wait for, by version, `awaited` those whose turns they wait for;
    `waits` are the kinds of occasions that campaigns wait for; `personal` says what of profiles is asked: `attributes`,
    `birthday`. `clocked` has what the clock brings.
    """

    programme: RunningProgramme
    segments: Mapping[int, Rules]
    awaited: Mapping[int, Rules]
    waits: frozenset[str]
    personal: frozenset[str]
    clocked: Clocked | None = None

    @property
    def dynamic(self) -> bool:
        """Whether any segment is decided by what is known of members."""
        return any(segment.when is not None for rules in self.segments.values() for segment in rules.segments)

    @property
    def turning(self) -> bool:
        """Whether it matters when exactly a member comes to another tier or segment."""
        return not self.waits.isdisjoint(TURNS)

    @property
    def follows(self) -> bool:
        """Whether members have to be followed from the first thing that is stored of them."""
        history = self.programme.history
        return bool(self.waits) or self.dynamic or (history is not None and bool(history.windows))

    @property
    def asks_members(self) -> bool:
        """Whether anything is asked of members beside what they did and their tier."""
        return self.follows or self.programme.knows or self.programme.sees_segments


def ruling(programme: RunningProgramme) -> Ruling:
    """Find what a programme asks, by any of its versions."""
    running = [campaign for version in programme.versions for campaign in _running(version)]
    names = _segments_asked(running, programme)
    segments = _rules(programme, names)
    awaited = _rules(programme, {one.trigger.segment for one in running if isinstance(one.trigger, SegmentTrigger)})
    waits = frozenset([campaign.trigger.kind for campaign in running if is_occasion(campaign)])
    return Ruling(programme, segments, awaited, waits, _personal(programme, running, segments))


def brought_by_the_clock(found: Ruling, first: datetime | None, until: datetime) -> Ruling:
    """The same with what the clock brings from the first enrolment until an instant."""
    clocked = Clocked(found.programme, first, until) if found.waits else None
    return replace(found, clocked=clocked)


def untold(found: Ruling) -> Iterator[str]:
    """What is asked that no stored history tells, in words."""
    for version in found.programme.versions:
        for campaign in _running(version):
            if _asks_redemptions(campaign):
                yield f"campaign {campaign.id} asks how often a member redeemed, and what was spent is not judged"
    for rules in found.segments.values():
        for segment in rules.segments:
            for path, one in segment.criteria():
                if isinstance(one, Balance):
                    yield f"segment {segment.name}: {path} is a balance, and what was spent or lapsed is not judged"
    for rules in found.awaited.values():
        for segment in rules.segments:
            paths = ["list", *[path for path, one in segment.criteria() if isinstance(one, OnList)]]
            for path in paths if segment.list else paths[1:]:
                yield f"segment {segment.name}: {path} is kept by people, and when somebody came on it is not stored"


def _running(version: ActiveVersion) -> list[Campaign]:
    return [one for one in version.compiled.source.campaigns if one.state in RUNNING]


def _rules(programme: RunningProgramme, names: Collection[str]) -> dict[int, Rules]:
    """The segments of these names, by version."""
    return {
        version.compiled.version: Rules(
            tuple([one for one in version.compiled.source.segments if one.name in names]),
            version.zone,
            version.compiled.source.wallets[0].name,
        )
        for version in programme.versions
    }


def _asks_redemptions(campaign: Campaign) -> bool:
    asked = campaign.when.member.history if campaign.when.member is not None else ()
    names = {name for source in campaign.expressions for name in EXPRESSIONS.mentioned(source)}
    return any(one.count == "redemptions" for one in asked) or any(name.startswith(_REDEMPTIONS) for name in names)


def _segments_asked(running: list[Campaign], programme: RunningProgramme) -> frozenset[str]:
    """The segments that campaigns name; all of them where a formula may look at any."""
    names: set[str] = set()
    for campaign in running:
        when = campaign.when
        names.update(when.segments, when.not_segments, when.lists, when.not_lists)
        if isinstance(campaign.trigger, SegmentTrigger):
            names.add(campaign.trigger.segment)
        mentioned = {name for source in campaign.expressions for name in EXPRESSIONS.mentioned(source)}
        if not mentioned.isdisjoint(("segments", "lists")):
            names.update(one.name for version in programme.versions for one in version.compiled.source.segments)
    return frozenset(names)


def _personal(programme: RunningProgramme, running: list[Campaign], segments: Mapping[int, Rules]) -> frozenset[str]:
    needs = [version.compiled.needs for version in programme.versions]
    asked: list[Segment] = [segment for rules in segments.values() for segment in rules.segments]
    criteria = [one for segment in asked for _, one in segment.criteria()]
    found = {
        "attributes": any(one.attributes for one in needs) or any(isinstance(one, AttributeIs) for one in criteria),
        "birthday": any(one.birthday for one in needs)
        or any(isinstance(one, BirthdayNear) for one in criteria)
        or any(isinstance(one.trigger, BirthdayTrigger) for one in running),
    }
    return frozenset([name for name, is_asked in found.items() if is_asked])
