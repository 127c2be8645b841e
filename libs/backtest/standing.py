"""A member as a replay has come to it: what was done so far, day by day, and the tiers that it brings. Pure.

It is what earning keeps of a member, under rules that need not have been in force: time is that of the events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from libs.backtest.history import Profile
from libs.backtest.persons import listed, lists_at, lists_come, person, state_of
from libs.backtest.purse import Passing, Purse
from libs.backtest.ruling import Ruling
from libs.history.counted import business_day
from libs.history.days import REDEMPTIONS, Counted, MemberDays, told
from libs.judging.occasions import Occasion, segment_turn, tier_reached
from libs.judging.versions import ActiveVersion
from libs.promotions.facts import MemberFacts
from libs.promotions.history import History
from libs.promotions.seen import as_history, condense
from libs.promotions.tiers import TierSet
from libs.segments.decide import decide, segments_at, steps
from libs.segments.known import Known
from libs.segments.known import Rules as Segments
from libs.tiers.decide import Decided, Decision, Rules, TierStanding

_structs = msgspec.structs

SEEN_TIER = ""
"""The name of the path of the tier that campaigns see; those of tier sets that drive nothing have the set's."""

Paths = dict[str, list[str | None]]

_AHEAD = timedelta(days=31)
"""How far one look at segments finds out when time will change them."""


class Member:
    """One member under one set of rules. `paths` are the levels it had since `watch`, by tier set, in order."""

    def __init__(self, ruling: Ruling, member_id: UUID, profile: Profile | None) -> None:
        programme = ruling.programme
        self.paths: Paths | None = None
        self.profile = profile
        self.facts = MemberFacts(member_id, history=None if programme.history is None else History())
        self._ruling = ruling
        self._programme = programme
        self._days = MemberDays()
        self._places: dict[str, TierStanding] = {}
        self._words = iter(()) if profile is None else iter(profile.words)
        self._word = next(self._words, None)
        self._heard: str | None = None
        self._judged_by: ActiveVersion | None = None
        self._dates: list[datetime] = []
        self._changes: dict[str, int] = {}
        self._reached: list[Occasion] = []
        self._inside: frozenset[str] = frozenset()
        self._turned: dict[str, int] = {}
        self._segments_due: datetime | None = None
        self._marks = _marks(ruling, profile)
        self._latest = datetime(1, 1, 1, tzinfo=UTC)
        self._redeemed = deque(() if profile is None else profile.redeemed)
        self._joined: dict[UUID, MemberDays] = {}
        moves = () if profile is None else profile.moves
        self.purse = Purse(member_id, moves) if ruling.asks_balance else None

    def catch_up(self, at: datetime, event_key: UUID | None = None, recorded: str | None = None) -> None:
        """Record what time and people have done to the tiers, before what happens at an instant counts.

        `event_key` names what happens; `recorded` is the tier that the member had then, where only people gave one.
        """
        at = self._forward(at)
        self._spend(at)
        words = list(self._due_words(at, event_key))
        if recorded is not None and recorded != self._heard:
            words.append(recorded)
            self._heard = recorded
        version = self._programme.at(at)
        if not words and version is self._judged_by and all(at < date for date in self._dates):
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
                    self._take(tiers, decision.give(standing, word, at), at)
            self._take(tiers, decision.decide(self._places.get(tiers.name), at), at)
        self._look_again(sets)

    def seen(self, at: datetime, revision: int | None = None) -> MemberFacts:
        """The member as a decision at an instant sees one; `revision` numbers the state of the profile, if known."""
        facts = person(self.facts, self.profile, self._programme, at, revision)
        return listed(facts, self.profile, self._programme, at, self._segments(at) if self._ruling.dynamic else ())

    def turns(self, at: datetime) -> list[Occasion]:
        """What the member has come to up to an instant, and since this was asked: levels reached, segments."""
        at = self._forward(at)
        found, self._reached = self._reached, []
        while self._marks and self._marks[0] <= at:
            self._marks.pop(0)
            self._segments_due = None
        if self._segments_due is not None and at < self._segments_due:
            return found
        rules = self._rules(self._ruling.awaited, at)
        if rules is None or not (rules.segments or self._inside):
            return found
        known = replace(self._known(rules, at), lists=lists_come(self.profile, at))
        decided = decide(rules, known, at, _AHEAD)
        for segment, entered in steps(self._inside, decided.segments):
            number = self._turned[segment] = self._turned.get(segment, 0) + 1
            found.append(segment_turn(self.facts.member_id, segment, at, entered=entered, number=number))
        self._inside, self._segments_due = decided.segments, decided.due_at
        return found

    def wakes_at(self, after: datetime) -> datetime | None:
        """The next instant at which time alone may bring the member elsewhere."""
        dates = [*self._dates, *self._marks[:1], *([] if self._segments_due is None else [self._segments_due])]
        return min([at for at in dates if at > after], default=None)

    def count(self, before: Counted | None, after: Counted | None, at: datetime) -> None:
        """Let something count in the place of what it counted for before; then look at the tiers."""
        done, at = after or before, self._forward(at)
        if before == after or done is None:
            return
        self._segments_due = None
        for more in (None if before is None else before.less(), after):
            if more is not None:
                self._add(more)
        version = self._programme.at(at)
        if version is None:
            return
        sets = version.compiled.source.tier_sets
        for tiers in sets:
            decision = self._decision(version, tiers, at)
            standing, lessened = self._places.get(tiers.name), before is not None
            self._take(tiers, decision.decide(standing, at, done_on=done.day, lessened=lessened), at)
        self._look_again(sets)

    def join(self, other: Member, at: datetime) -> Passing:
        """Take in what another member did, who is this one from now on; returns where the lots of points went."""
        at = self._forward(at)
        merged_id = other.facts.member_id
        self._joined[merged_id] = MemberDays()
        for each in other._days.days:
            self._add(Counted(merged_id, each.day, *each.done))
        return self._as_joined(other, at, joins=True)

    def part(self, other: Member, at: datetime) -> Passing:
        """Give back what another member did, who was taken for this one by mistake."""
        at = self._forward(at)
        other._days = self._joined.pop(other.facts.member_id, other._days)
        for each in other._days.days:
            self._add(Counted(self.facts.member_id, each.day, *each.done).less())
        if other.facts.history is not None:
            other._know(other.facts.tier, other._days.history())
        other._judged_by = None
        return self._as_joined(other, at, joins=False)

    def watch(self, at: datetime) -> None:
        """Begin the paths with where the member stands, which time and people have been asked about up to `at`."""
        if self.paths is None:
            self.paths = {SEEN_TIER: [self.facts.tier]}
            for tiers in self._sets(at):
                if not tiers.drives_tier and tiers.name in self._places:
                    self.paths[tiers.name] = [self._places[tiers.name].level]

    def kept(self, facts: MemberFacts, judged_at: datetime) -> MemberFacts:
        """The member as a decision on these facts keeps one, by which a receipt is judged again."""
        version, history, needs = self._programme.at(judged_at), facts.history, self._programme.history
        if version is None or history is None or needs is None:
            return facts
        seen = condense(history, needs.windows, business_day(judged_at, version.zone))
        return _structs.replace(facts, history=as_history(seen))

    def enrolled_at(self, at: datetime) -> datetime:
        """When the member enrolled; where nobody knows, at an instant."""
        return at if self.profile is None else self.profile.enrolled_at

    def _as_joined(self, other: Member, at: datetime, *, joins: bool) -> Passing:
        self._segments_due = self._judged_by = None
        if self.purse is None or other.purse is None:
            return {}
        for purse in (self.purse, other.purse):
            purse.forward(at)
        return self.purse.take_over(other.purse, at) if joins else self.purse.give_back(other.purse, at)

    def _add(self, more: Counted) -> None:
        """Let something count from now on, or no more; what someone did who was merged is known as theirs."""
        self._segments_due = None
        self._days = self._days.with_more(more)
        if (theirs := self._joined.get(more.member_id)) is not None:
            self._joined[more.member_id] = theirs.with_more(more)
        if self.facts.history is not None:
            self._know(self.facts.tier, self.facts.history.added(told(more)))

    def _spend(self, at: datetime) -> None:
        """Do up to an instant what was done with points."""
        while self._redeemed and self._redeemed[0].at <= at:
            turn = self._redeemed.popleft()
            self._add(Counted(self.facts.member_id, turn.day, 0, 0, 0, {REDEMPTIONS: turn.by}))
        if self.purse is not None:
            self.purse.forward(at)

    def _forward(self, at: datetime) -> datetime:
        """Time does not go back: an occasion may be told of an instant before what brought it about."""
        self._latest = max(self._latest, at)
        return self._latest

    def _due_words(self, at: datetime, event_key: UUID | None) -> Iterator[str]:
        while self._word is not None and (self._word.at <= at or self._word.cause == event_key):
            yield self._word.tier
            self._word = next(self._words, None)

    def _decision(self, version: ActiveVersion, tiers: TierSet, at: datetime) -> Decision:
        return Decision(Rules(tiers, version.zone), self._days, business_day(self.enrolled_at(at), version.zone))

    def _rules(self, segments: Mapping[int, Segments], at: datetime) -> Segments | None:
        version = self._programme.at(at)
        return None if version is None else segments[version.compiled.version]

    def _segments(self, at: datetime) -> frozenset[str]:
        rules = self._rules(self._ruling.segments, at)
        return frozenset() if rules is None else segments_at(rules, self._known(rules, at), at)

    def _known(self, rules: Segments, at: datetime) -> Known:
        state = state_of(self.profile, at)
        return Known(
            rules.day(self.enrolled_at(at)),
            self._days,
            self.facts.tier,
            {name: standing.level for name, standing in self._places.items()},
            lists_at(self.profile, at),
            () if self.purse is None else self.purse.points(),
            () if self.purse is None else self.purse.owing(),
            attributes=state.attributes,
            birthday=state.birthday,
        )

    def _take(self, tiers: TierSet, decided: Decided, at: datetime) -> None:
        self._places[tiers.name] = decided.standing
        for change in decided.changes:
            number = self._changes[tiers.name] = self._changes.get(tiers.name, 0) + 1
            self._segments_due = None
            level = change.after.level
            if self._ruling.turning and change.higher and level is not None:
                since = min(change.after.since, at)
                self._reached.append(tier_reached(self.facts.member_id, tiers.name, level, number, since))
            if tiers.drives_tier:
                self._see(change.after.level)
            else:
                self._note(tiers.name, change.after.level)
        if tiers.drives_tier:
            self._see(decided.standing.level)

    def _see(self, tier: str | None) -> None:
        if tier != self.facts.tier:
            self._segments_due = None
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
        self._dates = [at for at in dates if at is not None]

    def _sets(self, at: datetime) -> tuple[TierSet, ...]:
        version = self._programme.at(at)
        return () if version is None else version.compiled.source.tier_sets


def _marks(ruling: Ruling, profile: Profile | None) -> list[datetime]:
    """When something is told of a member, or another version begins; in order. Asked only where the moment matters."""
    if not ruling.turning:
        return []
    found = {version.active_from for version in ruling.programme.versions}
    if profile is not None:
        found |= {word.at for word in profile.words} | {state.recorded_at for state in profile.states}
        found |= {turn.at for turn in profile.turns} | {move.at for move in profile.moves if ruling.asks_balance}
    return sorted(found)
