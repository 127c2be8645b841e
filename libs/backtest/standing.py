"""A member as a replay has come to it: what was done so far, day by day, and the tiers that it brings. Pure.

It is what earning keeps of a member, under rules that need not have been in force: time is that of the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from libs.backtest.history import Profile
from libs.history.counted import business_day
from libs.history.days import Counted, MemberDays, told
from libs.judging.versions import ActiveVersion, RunningProgramme
from libs.promotions.facts import MemberFacts
from libs.promotions.history import History
from libs.promotions.seen import as_history, condense
from libs.promotions.tiers import TierSet
from libs.tiers.decide import Decided, Decision, Rules, TierStanding

_structs = msgspec.structs

SEEN_TIER = ""
"""The name of the path of the tier that campaigns see; those of tier sets that drive nothing have the set's."""

Paths = dict[str, list[str | None]]


class Member:
    """One member under one set of rules. `paths` are the levels it had since `watch`, by tier set, in order."""

    def __init__(self, programme: RunningProgramme, member_id: UUID, profile: Profile | None) -> None:
        self.paths: Paths | None = None
        self.facts = MemberFacts(member_id, history=None if programme.history is None else History())
        self._programme = programme
        self._profile = profile
        self._days = MemberDays()
        self._places: dict[str, TierStanding] = {}
        self._words = iter(()) if profile is None else iter(profile.words)
        self._word = next(self._words, None)
        self._heard: str | None = None
        self._judged_by: ActiveVersion | None = None
        self._looks_at: datetime | None = None

    def catch_up(self, at: datetime, event_key: UUID | None = None, recorded: str | None = None) -> None:
        """Record what time and people have done to the tiers, before what happens at an instant counts.

        `event_key` names what happens; `recorded` is the tier that the member had then, where only people gave one.
        """
        words = list(self._due_words(at, event_key))
        if recorded is not None and recorded != self._heard:
            words.append(recorded)
            self._heard = recorded
        version = self._programme.at(at)
        if not words and version is self._judged_by and (self._looks_at is None or at < self._looks_at):
            return
        self._judged_by = version
        sets = () if version is None else version.compiled.source.tier_sets
        if words and not any(tiers.drives_tier for tiers in sets):
            self._see(words[-1])
        for tiers in sets:
            assert version is not None
            decision = self._decision(version, tiers, at)
            for word in words if tiers.drives_tier else ():
                standing = self._places.get(tiers.name)
                if standing is None or word != standing.level:
                    self._take(tiers, decision.give(standing, word, at))
            self._take(tiers, decision.decide(self._places.get(tiers.name), at))
        self._look_again(sets)

    def count(self, before: Counted | None, after: Counted | None, at: datetime) -> None:
        """Let something count in the place of what it counted for before; then look at the tiers."""
        done = after or before
        if before == after or done is None:
            return
        for more in (None if before is None else before.less(), after):
            if more is not None:
                self._days = self._days.with_more(more)
                assert self.facts.history is not None
                self._know(self.facts.tier, self.facts.history.added(told(more)))
        version = self._programme.at(at)
        if version is None:
            return
        sets = version.compiled.source.tier_sets
        for tiers in sets:
            decision = self._decision(version, tiers, at)
            standing, lessened = self._places.get(tiers.name), before is not None
            self._take(tiers, decision.decide(standing, at, done_on=done.day, lessened=lessened))
        self._look_again(sets)

    def watch(self, at: datetime) -> None:
        """Begin the paths with where the member stands, which time and people have been asked about up to `at`."""
        if self.paths is None:
            self.paths = {SEEN_TIER: [self.facts.tier]}
            for tiers in self._sets(at):
                if not tiers.drives_tier and tiers.name in self._places:
                    self.paths[tiers.name] = [self._places[tiers.name].level]

    def kept_facts(self, judged_at: datetime) -> MemberFacts:
        """The member as a decision keeps it, by which a receipt is judged again."""
        version, history, needs = self._programme.at(judged_at), self.facts.history, self._programme.history
        if version is None or history is None or needs is None:
            return self.facts
        seen = condense(history, needs.windows, business_day(judged_at, version.zone))
        return _structs.replace(self.facts, history=as_history(seen))

    def enrolled_at(self, at: datetime) -> datetime:
        """When the member enrolled; where nobody knows, at an instant."""
        return at if self._profile is None else self._profile.enrolled_at

    def _due_words(self, at: datetime, event_key: UUID | None) -> Iterator[str]:
        while self._word is not None and (self._word.at <= at or self._word.cause == event_key):
            yield self._word.tier
            self._word = next(self._words, None)

    def _decision(self, version: ActiveVersion, tiers: TierSet, at: datetime) -> Decision:
        return Decision(Rules(tiers, version.zone), self._days, business_day(self.enrolled_at(at), version.zone))

    def _take(self, tiers: TierSet, decided: Decided) -> None:
        self._places[tiers.name] = decided.standing
        for change in decided.changes:
            if tiers.drives_tier:
                self._see(change.after.level)
            else:
                self._note(tiers.name, change.after.level)
        if tiers.drives_tier:
            self._see(decided.standing.level)

    def _see(self, tier: str | None) -> None:
        if tier != self.facts.tier:
            self._know(tier, self.facts.history)
        self._note(SEEN_TIER, tier)

    def _know(self, tier: str | None, history: History | None) -> None:
        self.facts = _structs.replace(self.facts, tier=tier, history=history)

    def _note(self, name: str, level: str | None) -> None:
        if self.paths is not None:
            path = self.paths.setdefault(name, [])
            if not path or path[-1] != level:
                path.append(level)

    def _look_again(self, sets: tuple[TierSet, ...]) -> None:
        """Until then the clock changes nothing; a level that is over, or in its grace, is looked at each time."""
        dates = [at for tiers in sets for at in (self._places[tiers.name].due_at, self._places[tiers.name].until)]
        self._looks_at = min([at for at in dates if at is not None], default=None)

    def _sets(self, at: datetime) -> tuple[TierSet, ...]:
        version = self._programme.at(at)
        return () if version is None else version.compiled.source.tier_sets
