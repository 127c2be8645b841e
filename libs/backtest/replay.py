"""Judging a member's history again: step by step in the order of time, by the functions that earning decides with.

A step is a receipt as it stands after a further fact, or an activity. What a step brings is the difference from what
the receipt had brought before, so the steps of a receipt add up to what it is worth in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from libs.backtest.history import Activity, Item, Profile
from libs.backtest.standing import Member
from libs.contracts.codec import Canonical
from libs.contracts.events import ActivityRecordedV1
from libs.history.counted import Terms, count_activity, count_purchase
from libs.history.days import Counted
from libs.judging.entitlement import Entitlement, entitlement
from libs.judging.placement import place_grants, place_points
from libs.judging.versions import RunningProgramme
from libs.promotions.decide import evaluate_activity
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import MemberFacts
from libs.receipts.decided import granted_by
from libs.receipts.story import Content, Return, Story, Void, facts_in_order, stands

_structs = msgspec.structs
_read_activity = Canonical(ActivityRecordedV1).read

_K = TypeVar("_K", str, tuple[str, str, int])

PaidBy = tuple[str, str, int]
"""Campaign, wallet and denominator: what an exact amount belongs to."""


class Step(NamedTuple):
    """An item after a further fact. `story` is what is known of a receipt by then, `last` whether nothing follows."""

    at: datetime
    key: bytes
    number: int
    kind: str
    event_key: UUID
    item: Item
    story: Story | None = None
    last: bool = True

    @property
    def order(self) -> tuple[datetime, bytes, int]:
        """By time, then item, then the order of the facts: one order over all members."""
        return self[:3]

    def source_and_id(self) -> tuple[str, str]:
        """How the sender named the event; of what followed a purchase, the purchase."""
        if self.item.activity is not None:
            return self.item.activity.source, self.item.activity.id
        assert self.story is not None
        content = stands(self.story).content or self.story.contents[0]
        return content.source, content.id


def steps_of(item: Item, until: datetime) -> list[Step]:
    """The steps of an item before an instant; the first has the item's own time.

    Facts of a receipt that come before its first content, such as an early return, are part of the first step.
    """
    if item.activity is not None:
        return [Step(item.at, item.key.bytes, 0, "activity", item.key, item)]
    assert item.receipt is not None
    full = item.receipt
    if len(full.contents) == 1 and not full.returns and not full.voids:
        content = full.contents[0]
        return [Step(item.at, item.key.bytes, 0, _kind(content), content.key, item, full)]
    facts = facts_in_order(full)
    first = next(at for at, fact in enumerate(facts) if isinstance(fact, Content))
    facts = [fact for number, fact in enumerate(facts) if number <= first or fact.at < until]
    at, steps = item.at, []
    for number in range(first, len(facts)):
        at = at if number == first else max(at, facts[number].at)
        story = _known(full, facts[: number + 1], at)
        last = number == len(facts) - 1
        fact = facts[number]
        steps.append(Step(at, item.key.bytes, number - first, _kind(fact), fact.key, item, story, last))
    return steps


def in_order(items: Iterable[Item], until: datetime) -> Iterator[Step]:
    """All steps of items that come in their order, in the order of steps."""
    later: list[tuple[tuple[datetime, bytes, int], Step]] = []
    for item in items:
        first, *rest = steps_of(item, until)
        while later and later[0][0] < first.order:
            yield heappop(later)[1]
        yield first
        for step in rest:
            heappush(later, (step.order, step))
    while later:
        yield heappop(later)[1]


_KINDS = {Return: "return", Void: "void"}


def _kind(fact: Content | Void | Return) -> str:
    if isinstance(fact, Content):
        return "correction" if fact.corrects else "purchase"
    return _KINDS[type(fact)]


def _known(full: Story, facts: Iterable[Content | Void | Return], at: datetime) -> Story:
    """The story with these facts alone. An operator's word and the rate stand from the beginning."""
    contents, voids, returns = [], [], []
    for fact in facts:
        match fact:
            case Content():
                contents.append(fact)
            case Void():
                voids.append(fact)
            case Return():
                returns.append(fact)
    signals = tuple([signal for signal in full.signals if signal.at <= at])
    return _structs.replace(full, contents=tuple(contents), voids=tuple(voids), returns=tuple(returns), signals=signals)


class Counters(dict[str, int]):
    """What limits have used, by counter; `asked` are those that were looked at since it was emptied."""

    def __init__(self, used: Mapping[str, int] | Iterable[tuple[str, int]] = ()) -> None:
        super().__init__(used)
        self.asked: set[str] = set()

    def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]
        """A counter that is missing has counted nothing."""
        self.asked.add(key)
        return super().get(key, default)


class Judged(NamedTuple):
    """What a step brings, each as the difference from before: points by wallet, exact amounts, uses by counter."""

    points: Mapping[str, int]
    paid: Mapping[PaidBy, int]
    uses: Mapping[str, int]
    limits: Mapping[str, int]


NOTHING = Judged({}, {}, {}, {})


@dataclass(slots=True)
class _Brought:
    """What a receipt has brought so far, and what it is judged by from then on."""

    rate: tuple[int, int] | None
    points: dict[str, int] = field(default_factory=dict)
    paid: dict[PaidBy, int] = field(default_factory=dict)
    uses: tuple[tuple[str, int, int], ...] = ()
    version: int | None = None
    owner: MemberFacts | None = None
    counted: Counted | None = None


class Judge:
    """Judges steps in their order by one programme, counting what they use of limits.

    `follow` is set where what members did before and their tiers are judged anew; then every step of theirs must come,
    from the first one on. Until `told_until` the tiers that were recorded are those that people named (None: always).
    """

    def __init__(
        self,
        programme: RunningProgramme,
        used: Mapping[str, int] | None = None,
        *,
        follow: bool = False,
        profiles: Mapping[UUID, Profile] | None = None,
        told_until: datetime | None = None,
    ) -> None:
        self.counters = Counters(used or {})
        self._programme = programme
        self._open: dict[UUID, _Brought] = {}
        self._members: dict[UUID, Member] | None = {} if follow else None
        self._profiles = profiles or {}
        self._told_until = told_until
        self._terms = _terms(programme) if follow and programme.history is not None else None

    def member(self, member_id: UUID) -> Member | None:
        """A member as the replay has come to it; None where members are taken as they were recorded."""
        if self._members is None:
            return None
        known = self._members.get(member_id)
        if known is None:
            profile = self._profiles.get(member_id)
            known = self._members[member_id] = Member(self._programme, member_id, profile)
        return known

    def begin(self, step: Step, since: datetime) -> None:
        """Bring the step's member up to it; what becomes of its tiers from `since` on is kept."""
        member = self.member(step.item.member_id)
        if member is None:
            return
        told = step.number == 0 and (self._told_until is None or step.at < self._told_until)
        recorded = step.item.tier if told else None
        if member.paths is None and step.item.at >= since:
            member.catch_up(min(max(since, member.enrolled_at(step.at)), step.at), recorded=recorded)
            member.watch(step.at)
        member.catch_up(step.at, step.event_key, recorded)

    def step(self, step: Step) -> Judged:
        """Judge the next step, whose member was brought up to it."""
        item = step.item
        if item.activity is not None:
            judged = self._activity(step, item.activity)
        else:
            assert step.story is not None
            before = self._open.pop(item.key, None) or _Brought(step.story.rate)
            after = self._receipt(step, step.story, before)
            if (member := self.member(item.member_id)) is not None:
                member.count(before.counted, after.counted, step.at)
            if not step.last:
                self._open[item.key] = after
            judged = NOTHING if after is before else _difference(before, after)
        for key, points in judged.uses.items():
            self.counters[key] = self.counters.get(key, 0) + points
        return judged

    def _receipt(self, step: Step, known: Story, before: _Brought) -> _Brought:
        story = _structs.replace(known, uses=before.uses, version=before.version, rate=before.rate)
        standing = stands(story)
        if standing.content is None:
            return _Brought(before.rate, version=before.version, owner=before.owner)
        member = self.member(step.item.member_id)
        owner = before.owner or (MemberFacts(step.item.member_id, known.tier) if member is None else member.facts)
        entitled = entitlement(story, standing, self._programme, owner, self.counters)
        if entitled.waits is not None or _too_late(entitled, story, before):
            return before
        assert entitled.version is not None
        if member is not None and not step.last and before.owner is None:
            owner = member.kept_facts(entitled.judged_at)
        evaluation = entitled.evaluation
        return _Brought(
            entitled.rate or before.rate,
            dict(entitled.target),
            {} if evaluation is None or not evaluation.grants else _paid(evaluation),
            entitled.uses,
            entitled.version.compiled.version,
            owner,
            self._counted(step.item.member_id, entitled),
        )

    def _counted(self, member_id: UUID, entitled: Entitlement) -> Counted | None:
        """What counts of a receipt in its owner's history."""
        if self._terms is None or entitled.version is None or entitled.evaluation is None:
            return None
        terms = self._terms[entitled.version.compiled.version]
        points = entitled.target.items()
        return count_purchase(member_id, entitled.judged, entitled.judged_at, points, terms, entitled.granted)

    def _activity(self, step: Step, did: Activity) -> Judged:
        item = step.item
        version = self._programme.at(item.at)
        if version is None:
            return NOTHING
        data = _read_activity(bytes(did.facts))
        member = self.member(item.member_id)
        facts = MemberFacts(item.member_id, did.tier) if member is None else member.facts
        evaluation = evaluate_activity(version.compiled, data, facts, item.at, self.counters)
        placed = place_grants(version, evaluation, item.at, did.arrived_at) if evaluation.grants else None
        if member is not None and self._terms is not None:
            points = [(credit.wallet, credit.points) for credit in placed or ()]
            terms = self._terms[version.compiled.version]
            granted = granted_by(evaluation) if placed or not evaluation.grants else ()
            member.count(None, count_activity(item.member_id, data, item.at, points, terms, granted), step.at)
        if placed is None:
            return NOTHING
        return Judged(
            {grant.wallet: grant.points for grant in evaluation.grants},
            _paid(evaluation),
            {use.key: use.points for use in evaluation.uses},
            {use.key: use.limit for use in evaluation.uses},
        )


def _terms(programme: RunningProgramme) -> Mapping[int, Terms]:
    """By what each version of a programme counts."""
    by_category = programme.history is not None and programme.history.by_category
    return {
        version.compiled.version: Terms(version.zone, version.compiled.currency, by_category)
        for version in programme.versions
    }


def _too_late(entitled: Entitlement, story: Story, before: _Brought) -> bool:
    """Whether a receipt that is judged for the first time came after its period was closed, and nobody awarded it."""
    if story.word == "award" or before.version is not None:
        return False
    version = entitled.version
    assert version is not None
    dates = (entitled.judged_at, entitled.arrived_at, story.signals)
    return any(place_points(version, wallet, points, *dates) is None for wallet, points in entitled.target.items())


def _paid(evaluation: Evaluation) -> dict[PaidBy, int]:
    denominators = {each.wallet: each.denominator for each in evaluation.remainders}
    paid: dict[PaidBy, int] = {}
    for each in evaluation.paid:
        key = each.campaign, each.wallet, denominators[each.wallet]
        paid[key] = paid.get(key, 0) + each.amount
    return paid


def _difference(before: _Brought, after: _Brought) -> Judged:
    used, uses = {key: points for key, points, _ in before.uses}, {key: points for key, points, _ in after.uses}
    limits = {key: limit for key, _, limit in (*before.uses, *after.uses)}
    return Judged(_less(after.points, before.points), _less(after.paid, before.paid), _less(uses, used), limits)


def _less(after: dict[_K, int], before: dict[_K, int]) -> dict[_K, int]:
    if not before:
        return after
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in sorted(after.keys() | before.keys())}
    return {key: value for key, value in changed.items() if value}
