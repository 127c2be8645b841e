"""Tiers as a batch goes on: where its members stand in each set of their programme, and every change. Pure.

A receipt is judged by the tier that its member had before it; what it counts for may bring the next one a higher tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from libs.contracts.events import MemberTierAboutToDropV1, MemberTierChangedV1
from libs.contracts.writer import EventWriter
from libs.exemptions.spans import Said, tier_source, tier_spans
from libs.history.counted import business_day
from libs.history.days import Counted
from libs.judging.occasions import is_awaited, tier_reached
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.ledger.model import Span
from libs.lives.life import MemberName
from libs.promotions.tiers import Level, TierSet
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from libs.tiers.decide import Decided, Decision, Drop, Rules, TierChange, TierStanding
from libs.tiers.windows import progress
from services.earning.announcements import MEMBERS, SOURCE
from services.earning.history import Histories
from services.earning.occasions import outgoing
from services.earning.verdict import Standing

_CHANGED = MemberTierChangedV1.event_type
_ABOUT_TO_DROP = MemberTierAboutToDropV1.event_type


@dataclass(slots=True)
class Place:
    """Where a member stands in a set, and how many changes there were."""

    standing: TierStanding | None = None
    changes: int = 0


@dataclass(slots=True)
class MemberTiers:
    """What is stored of a member: when they enrolled, and where they stand by set."""

    enrolled_at: datetime
    places: dict[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is kept: the number of it, what brought it about, and the figures it was decided on."""

    name: MemberName
    tiers: TierSet
    number: int
    change: TierChange
    version: int
    figures: tuple[dict[str, Any], ...]
    cause: UUID


class Tiers:
    """The tiers of the members of a batch. `changed` places are saved, `changes` kept and told."""

    def __init__(self, found: Mapping[MemberName, MemberTiers], histories: Histories, now: datetime) -> None:
        self.changed: dict[tuple[MemberName, str], Place] = {}
        self.changes: list[Change] = []
        self.driven: dict[MemberName, str | None] = {}
        self._found = found
        self._histories = histories
        self._now = now
        self._events: list[Outgoing] = []
        self._caught_up: set[MemberName] = set()
        self._sparing: dict[MemberName, RunningProgramme] = {}

    def catch_up(self, programme: RunningProgramme, standing: Standing, cause: UUID) -> None:
        """Record what time and people have done to a member's tiers, before anything else of the batch counts.

        Where a member came to stand by something of long ago may not hold any more: that is looked at again.
        """
        name = (*programme.key, standing.facts.member_id)
        if name in self._caught_up or name not in self._found:
            return
        self.spare(programme, name)
        for version, tiers, decision in self._sets(programme, name):
            place = self._place(name, tiers)
            told, known = standing.facts.tier, None if place.standing is None else place.standing.level
            if tiers.drives_tier and told is not None and told != known:
                self._take(programme, standing, version, tiers, cause, decision.give(place.standing, told, self._now))
            self._take(programme, standing, version, tiers, cause, decision.decide(place.standing, self._now))
        self._caught_up.add(name)

    def counted(
        self, programme: RunningProgramme, standing: Standing, cause: UUID, done: Counted, *, lessened: bool = False
    ) -> None:
        """Look where a member stands after something more counts, or less."""
        name = (*programme.key, standing.facts.member_id)
        if name not in self._found:
            return
        self.spare(programme, name)
        for version, tiers, decision in self._sets(programme, name):
            place = self._place(name, tiers)
            decided = decision.decide(place.standing, self._now, done_on=done.day, lessened=lessened)
            self._take(programme, standing, version, tiers, cause, decided)

    def spare(self, programme: RunningProgramme, name: MemberName) -> None:
        """Let `spared` tell of a member, where levels of the programme spare points at boundaries."""
        if programme.exemptions.tier_sets:
            self._sparing[name] = programme

    def spared(self) -> Iterator[Said]:
        """What levels spare from now on of the members of the batch, if nothing is done."""
        for name, programme in self._sparing.items():
            found: dict[str, tuple[Span, ...]] = {
                tier_source(tier_set): () for tier_set in programme.exemptions.tier_sets
            }
            for _, tiers, decision in self._sets(programme, name):
                if tiers.name in programme.exemptions.tier_sets:
                    standing = self._place(name, tiers).standing
                    spans = tier_spans(programme.exemptions, tiers.name, decision, standing, self._now)
                    found[tier_source(tiers.name)] = spans
            for source, spans in found.items():
                yield Said(name, source, spans, self._now)

    def untold(self) -> list[Outgoing]:
        """The events of the changes since this was asked last."""
        events, self._events = self._events, []
        return events

    def _sets(self, programme: RunningProgramme, name: MemberName) -> Iterator[tuple[ActiveVersion, TierSet, Decision]]:
        version = programme.at(self._now)
        if version is None:
            return
        enrolled_on = self._enrolled_on(name, version)
        for tiers in version.compiled.source.tier_sets:
            yield version, tiers, Decision(Rules(tiers, version.zone), self._histories.of(name), enrolled_on)

    def _enrolled_on(self, name: MemberName, version: ActiveVersion) -> date:
        return business_day(self._found[name].enrolled_at, version.zone)

    def _place(self, name: MemberName, tiers: TierSet) -> Place:
        return self._found[name].places.setdefault(tiers.name, Place())

    def _take(
        self,
        programme: RunningProgramme,
        standing: Standing,
        version: ActiveVersion,
        tiers: TierSet,
        cause: UUID,
        decided: Decided,
    ) -> None:
        name = (*programme.key, standing.facts.member_id)
        place = self._place(name, tiers)
        if decided.standing != place.standing:
            self._caught_up.discard(name)
            place.standing = decided.standing
            self.changed[name, tiers.name] = place
        for change in decided.changes:
            place.changes += 1
            figures = self._figures(name, version, tiers, change)
            kept = Change(name, tiers, place.changes, change, version.compiled.version, figures, cause)
            self.changes.append(kept)
            self._events.append(_changed(programme, standing, kept, self._now))
            if change.higher and change.after.level is not None:
                at = min(change.after.since, self._now)
                reached = tier_reached(name[2], tiers.name, change.after.level, place.changes, at)
                if is_awaited(programme, reached.name, reached.of, at):
                    self._events.append(outgoing(programme, reached, standing.spread))
        if decided.ahead is not None:
            self._events.append(self._warning(programme, standing, version, tiers, cause, decided.ahead))
        level = None if place.standing is None else place.standing.level
        if tiers.drives_tier and level != standing.facts.tier:
            standing.facts = replace(standing.facts, tier=level)
            self.driven[name] = level

    def _figures(
        self, name: MemberName, version: ActiveVersion, tiers: TierSet, change: TierChange
    ) -> tuple[dict[str, Any], ...]:
        """What there was of what the level needs that was reached, or that was lost."""
        after = change.after
        level = next(
            (one for one in tiers.levels if one.name == (after.level if change.higher else change.before)), None
        )
        if level is None:
            return ()
        return self._progress(name, version, tiers, level, after.seen_on)

    def _progress(
        self, name: MemberName, version: ActiveVersion, tiers: TierSet, level: Level, day: date
    ) -> tuple[dict[str, Any], ...]:
        enrolled_on = self._enrolled_on(name, version)
        return tuple([one._asdict() for one in progress(tiers, level, self._histories.of(name), day, enrolled_on)])

    def _warning(
        self,
        programme: RunningProgramme,
        standing: Standing,
        version: ActiveVersion,
        tiers: TierSet,
        cause: UUID,
        drop: Drop,
    ) -> Outgoing:
        """What is told of a drop that is near: again where something put it off, and something else brought it back."""
        name = (*programme.key, standing.facts.member_id)
        level = next(one for one in tiers.levels if one.name == drop.level)
        data = {
            "member_id": standing.text,
            "tier_set": tiers.name,
            "level": drop.level,
            "to_level": drop.to,
            "until": drop.until,
            "grace_until": drop.grace_until,
            "drives_tier": tiers.drives_tier,
            "match": tiers.match,
            "figures": list(self._progress(name, version, tiers, level, drop.seen_on)),
            "programme_version": version.compiled.version,
        }
        what = f"{cause.hex}/{tiers.name}@{drop.until.isoformat()}"
        return _event(_ABOUT_TO_DROP, programme, standing, self._now, what, self._place(name, tiers).changes, data)


def _changed(programme: RunningProgramme, standing: Standing, kept: Change, now: datetime) -> Outgoing:
    change, after = kept.change, kept.change.after
    data = {
        "member_id": standing.text,
        "tier_set": kept.tiers.name,
        "number": kept.number,
        "from_level": change.before,
        "to_level": after.level,
        "direction": "up" if change.higher else "down",
        "reason": change.reason,
        "effective_at": after.since,
        "until": after.until,
        "drives_tier": kept.tiers.drives_tier,
        "figures": list(kept.figures),
        "programme_version": kept.version,
    }
    return _event(_CHANGED, programme, standing, now, f"{programme.programme}/{kept.tiers.name}", kept.number, data)


def _event(
    kind: str,
    programme: RunningProgramme,
    standing: Standing,
    now: datetime,
    cause: str,
    number: int,
    data: Mapping[str, object],
) -> Outgoing:
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=programme.tenant, programme=programme.programme)
    name = event_id(programme.tenant, cause, kind, standing.text, number)
    return Outgoing(
        MEMBERS,
        standing.key,
        standing.spread,
        writer.write(name, standing.text, None, data),
        writer.headers(name, standing.key, None),
        True,
    )
