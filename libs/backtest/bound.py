"""Limits that members share: who has to be judged together with others, and judging them in the order of time.

Alone, a member meets only what the member used. That is exact as long as no shared limit is reached, and then members
need nothing of each other. A counter that may reach its limit binds all members who asked for it: they are judged once
more in one sequence over all of them. Judged so, they may lean on further counters, so it is looked at again until no
counter is left that may be reached by somebody who was judged alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import merge
from types import MappingProxyType
from uuid import UUID

from libs.backtest.compare import Leaning, Rules, Tally, Tallying, replay_together
from libs.backtest.history import Item, Profile
from libs.judging.versions import RunningProgramme

_COMPARING = ("best", "worst")
Lives = tuple[Iterable[Item], Mapping[UUID, Profile]]
NOBODY: Mapping[UUID, Profile] = MappingProxyType({})


@dataclass(slots=True)
class Demand:
    """What is asked of shared counters in all, under one set of rules.

    `contests` says that campaigns are compared by what they would pay after their limits: then a limit counts even
    where its campaign loses, and whoever asked for it is bound.
    """

    contests: bool
    used: dict[str, int] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def add(self, leaning: Leaning) -> None:
        """Add a member's."""
        if self.contests:
            self.asked |= leaning.asked
        for key, points in leaning.gross.items():
            self.used[key] = self.used.get(key, 0) + points
            self.limits[key] = min(self.limits.get(key, leaning.limits[key]), leaning.limits[key])

    def reached(self, prior: Mapping[str, int]) -> set[str]:
        """The counters that may reach their limit."""
        return self.asked | {key for key, used in self.used.items() if used + prior.get(key, 0) > self.limits[key]}


def contests(programme: RunningProgramme) -> bool:
    """Whether any campaign is chosen by what it would pay after its limits."""
    return any(
        campaign.source.mode in _COMPARING
        for version in programme.versions
        for rules in (version.compiled, *version.compiled.activities.values())
        for campaign in rules.campaigns
    )


def demands(rules: Rules, tallies: Iterable[Tally]) -> tuple[Demand, Demand]:
    """What members ask of shared counters in all, under A and under B."""
    a, b = (Demand(contests(programme)) for programme in rules.sides)
    for tally in tallies:
        a.add(tally.leaning[0])
        b.add(tally.leaning[1])
    return a, b


@dataclass(frozen=True, slots=True)
class Bound:
    """Who is bound: those who asked for a counter that may be reached under A or under B, and those `known` to be."""

    reached: tuple[AbstractSet[str], AbstractSet[str]]
    known: AbstractSet[UUID]

    def has(self, tally: Tally) -> bool:
        """Whether that member is."""
        asked = zip(self.reached, tally.leaning, strict=True)
        return tally.member_id in self.known or any(not keys.isdisjoint(leaning.asked) for keys, leaning in asked)


def bind(
    rules: Rules,
    alone: Callable[[], Iterable[Tally]],
    lives_of: Callable[[Bound], Lives],
) -> list[Tally]:
    """Judge those whom shared limits bind in one sequence; return what was found of them, by id.

    `alone` gives what was found of each member alone, in any order; `lives_of` the items of those who are bound, in
    their order, and what else is known at least of them. Both are asked again as long as somebody new is bound.
    """
    prior = _prior(rules, alone())
    sequence: dict[UUID, Tally] = {}
    while True:
        a, b = demands(rules, (sequence.get(tally.member_id, tally) for tally in alone()))
        bound = Bound((a.reached(prior), b.reached(prior)), sequence.keys())
        found = rules.merges.together(tally.member_id for tally in alone() if bound.has(tally))
        bound = Bound(bound.reached, found)
        members = [tally.member_id for tally in alone() if bound.has(tally)]
        if len(members) == len(sequence):
            return sorted(sequence.values(), key=lambda tally: tally.member_id)
        items, known = lives_of(bound)
        profiles = {member_id: known[member_id] for member_id in members if member_id in known}
        sequence = in_sequence(rules, items, prior, profiles)


def together(alone: Iterable[Tally], bound: Sequence[Tally]) -> Iterator[Tally]:
    """What was found of each member, by id, those with nothing in the range left out; both come by id."""
    members = {tally.member_id for tally in bound}
    others = (tally for tally in alone if tally.member_id not in members)
    return (tally for tally in merge(others, bound, key=lambda tally: tally.member_id) if tally.is_told)


def _prior(rules: Rules, alone: Iterable[Tally]) -> dict[str, int]:
    """What was used of shared counters before the range, by everybody."""
    prior: dict[str, int] = {}
    for tally in alone:
        for key in Tallying(tally.member_id, rules).shared(tally.prior):
            prior[key] = prior.get(key, 0) + tally.prior[key]
    return prior


def in_sequence(
    rules: Rules, items: Iterable[Item], prior: Mapping[str, int], profiles: Mapping[UUID, Profile] = NOBODY
) -> dict[UUID, Tally]:
    """Judge the items of several members, which come in their order, with what all of them use of shared limits.

    `prior` is what was used of shared counters before the range, by these members or by others. Where rules wait for
    occasions, those of `profiles` have some too.
    """
    return replay_together(rules, items, prior, profiles, rules.merges)
