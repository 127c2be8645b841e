"""What rules ask of members: segments, occasions, what is personal; and what no stored history tells. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from libs.backtest.clocked import Clocked
from libs.backtest.history import SPENDING
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
    `birthday`; `redeeming` are campaigns that ask how often points were redeemed. `clocked` has what the clock brings.
    """

    programme: RunningProgramme
    segments: Mapping[int, Rules]
    awaited: Mapping[int, Rules]
    waits: frozenset[str]
    personal: frozenset[str]
    redeeming: tuple[str, ...] = ()
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
    def asks_balance(self) -> bool:
        """Whether any segment asks what members may spend."""
        both = (*self.segments.values(), *self.awaited.values())
        return any(isinstance(one, Balance) for rules in both for one in rules.criteria)

    @property
    def asked(self) -> frozenset[str]:
        """What has to be read of members beside enrolments, tiers and lists."""
        return self.personal | ({SPENDING} if self.asks_balance or self.redeeming else frozenset())

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
    redeeming = tuple(sorted({one.id for one in running if _asks_redemptions(one)}))
    return Ruling(programme, segments, awaited, waits, _personal(programme, running, segments), redeeming)


def brought_by_the_clock(found: Ruling, first: datetime | None, until: datetime) -> Ruling:
    """The same with what the clock brings from the first enrolment until an instant."""
    clocked = Clocked(found.programme, first, until) if found.waits else None
    return replace(found, clocked=clocked)


def untold(found: Ruling, told: Collection[str]) -> Iterator[str]:
    """What is asked that no stored history tells, or not as rules B would have had it; in words.

    `told` says what the history tells of profiles.
    """
    for name in found.redeeming:
        yield f"campaign {name} asks how often a member redeemed: it is as often as they really did"
    for rules in found.segments.values():
        for segment in rules.segments:
            for path, one in segment.criteria():
                if isinstance(one, Balance):
                    yield (
                        f"segment {segment.name}: {path} is a balance: what members spent, and what people "
                        "gave or took, is as it really was, as far as there were points for it"
                    )
    for rules in found.awaited.values():
        for segment in rules.segments:
            paths = ["list", *[path for path, one in segment.criteria() if isinstance(one, OnList)]]
            for path in paths if segment.list else paths[1:]:
                yield (
                    f"segment {segment.name}: {path} is kept by people: of a list that the programme did not name at "
                    "the time, it is known since when somebody is on it, and not who left it"
                )
    for what in sorted(found.personal - frozenset(told)):
        yield f"rules ask for the {what} of members, which is not in this export: nobody has told it"


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
