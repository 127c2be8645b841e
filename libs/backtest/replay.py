"""Judging a member's history again: step by step in the order of time, by the functions that earning decides with.

What a step of a receipt brings is the difference from what it had brought before, so its steps add up to what it is
worth in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from libs.backtest.agenda import Agenda, Order
from libs.backtest.brought import NOTHING, Brought, Judged, difference, handed_over, paid_by
from libs.backtest.history import Item, Profile, Scheme, StoredMerge
from libs.backtest.merges import NOBODY, Merges
from libs.backtest.persons import listed, person
from libs.backtest.purse import Gains, Passing
from libs.backtest.ruling import Ruling
from libs.backtest.standing import Member, Paths
from libs.backtest.steps import Step
from libs.contracts.codec import Canonical
from libs.contracts.events import ActivityRecordedV1
from libs.history.counted import Terms, count_activity, count_purchase
from libs.history.days import Counted
from libs.judging.entitlement import Entitlement, entitlement
from libs.judging.occasions import is_ours, occasion_data, something_returned
from libs.judging.placement import place_grants, place_points
from libs.judging.verdict import NewCredit
from libs.judging.versions import RunningProgramme
from libs.ledger.reverse import Shortfall
from libs.promotions.decide import evaluate_activity
from libs.promotions.facts import MemberFacts
from libs.promotions.switches import killed
from libs.receipts.decided import granted_by
from libs.receipts.story import Story, stands

_structs = msgspec.structs
_read_activity = Canonical(ActivityRecordedV1).read


class Counters(dict[str, int]):
    """What limits have used, by counter; `asked` are those that were looked at since it was emptied."""

    def __init__(self, used: Mapping[str, int] | Iterable[tuple[str, int]] = ()) -> None:
        super().__init__(used)
        self.asked: set[str] = set()

    def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]
        """A counter that is missing has counted nothing."""
        self.asked.add(key)
        return super().get(key, default)


class Judge:
    """Judges steps in their order by one side's rules, counting what they use of limits.

    `follow` is set where what members did before and their tiers are judged anew; then every step of theirs must come,
    from the first one on. Of tiers what becomes from `since` on is kept; until `told_until` those that were recorded
    are those that people named (None: always). With `occurs_until` occasions are found anew until then, and those that
    were recorded bring nothing.
    """

    def __init__(
        self,
        ruling: Ruling,
        scheme: Scheme,
        since: datetime,
        used: Mapping[str, int] | None = None,
        *,
        follow: bool = False,
        profiles: Mapping[UUID, Profile] | None = None,
        told_until: datetime | None = None,
        occurs_until: datetime | None = None,
        merges: Merges = NOBODY,
    ) -> None:
        self.counters = Counters(used or {})
        self._ruling = ruling
        self._programme = ruling.programme
        self._scheme = scheme
        self._since = since
        self._open: dict[UUID, Brought] = {}
        self._members: dict[UUID, Member] | None = {} if follow else None
        self._away: dict[UUID, Member] = {}
        self._lent: dict[UUID, Mapping[str, int]] = {}
        self._profiles = profiles or {}
        self._told_until = told_until
        self._terms = _terms(self._programme) if follow and self._programme.history is not None else None
        self._under: dict[tuple[str, ...], RunningProgramme] = {(): self._programme}
        self._occurs = occurs_until is not None
        self.agenda = Agenda(self._programme, occurs_until or since, merges)
        if self._occurs and ruling.clocked is not None:
            for profile in self._profiles.values():
                self.agenda.enrol(profile, ruling.clocked)
                if ruling.turning:
                    self.agenda.wake(profile.member_id, profile.enrolled_at)

    def member(self, member_id: UUID) -> Member | None:
        """A member as the replay has come to it; None where members are taken as they were recorded."""
        return None if self._members is None else self._known(member_id)

    def _known(self, member_id: UUID) -> Member:
        assert self._members is not None
        known = self._members.get(member_id)
        if known is None:
            profile = self._profiles.get(member_id)
            known = self._members[member_id] = Member(self._ruling, member_id, profile)
        return known

    def move(self, before: Order | None) -> None:
        """Look at whoever time may have moved before the next occasion, or before a place in the order of time."""
        while (woken := self.agenda.woken(before)) is not None:
            member_id, at = woken
            member = self.member(member_id)
            assert member is not None
            self._bring(member, at, at)
            self._turn(member_id, at)

    def begin(self, step: Step) -> None:
        """Bring the step's member up to it."""
        member = self.member(step.item.member_id)
        if member is None:
            return
        told = step.number == 0 and (self._told_until is None or step.at < self._told_until)
        recorded = step.item.tier if told and step.occasion is None else None
        self._bring(member, step.at, step.item.at, step.event_key, recorded)

    def step(self, step: Step) -> Judged:
        """Judge the next step, whose member was brought up to it."""
        item = step.item
        if step.occasion is not None:
            data = _read_activity(msgspec.json.encode(occasion_data(step.occasion)))
            switches = self._scheme.switches_at(step.at)
            judged = self._activity(step, data, (None, None), step.at, switches)
        elif item.activity is not None:
            did = item.activity
            judged = NOTHING
            if not self._occurs or not is_ours(self._programme, did.source):
                switches = self._scheme.switches_at(did.arrived_at) if did.switches is None else did.switches
                judged = self._activity(
                    step, _read_activity(bytes(did.facts)), (did.tier, did.profile), did.arrived_at, switches
                )
        else:
            assert step.story is not None
            judged = self._step_of_receipt(step, step.story)
        self._use(judged.uses)
        if self._occurs and self._ruling.turning:
            self._turn(item.member_id, step.at)
        return judged

    def merge(self, one: StoredMerge, at: datetime, *, joins: bool) -> None:
        """Let a member be another one from now on, or stand alone again: what was done, used and is left goes over."""
        merged, survivor = one.member_id, one.survivor_id
        ways: Passing = {}
        if self._members is not None and not {merged, survivor}.isdisjoint({*self._members, *self._profiles}):
            ways = self._join(merged, survivor, at) if joins else self._part(merged, survivor, at)
        source, target = (str(merged), str(survivor)) if joins else (str(survivor), str(merged))
        if joins:
            used = {key: points for key, points in self.counters.items() if key.endswith(source)}
            self._lent[merged] = used
            self._use({key.replace(source, target): points for key, points in used.items()})
        else:
            self._use({key.replace(target, source): -points for key, points in self._lent.pop(merged, {}).items()})
        for key, brought in self._open.items():
            if brought.of == merged:
                self._open[key] = handed_over(brought, UUID(source), UUID(target), ways)

    def _join(self, merged: UUID, survivor: UUID, at: datetime) -> Passing:
        away, home = self._known(merged), self._known(survivor)
        for member in (away, home):
            self._bring(member, at, at)
        ways = home.join(away, at)
        self._away[merged] = away
        assert self._members is not None
        self._members.update({each: home for each, member in self._members.items() if member is away})
        return ways

    def _part(self, merged: UUID, survivor: UUID, at: datetime) -> Passing:
        away, home = self._away.pop(merged), self._known(survivor)
        self._bring(home, at, at)
        ways = home.part(away, at)
        assert self._members is not None
        self._members[merged] = away
        return ways

    def _use(self, uses: Mapping[str, int]) -> None:
        for key, points in uses.items():
            self.counters[key] = self.counters.get(key, 0) + points

    def lacking(self, member_id: UUID) -> int:
        """Points that a member really spent, and did not have here."""
        member = None if self._members is None else self._members.get(member_id)
        return 0 if member is None or member.purse is None else member.purse.lacking

    def path(self, member_id: UUID, at: datetime) -> Paths | None:
        """A member's tiers since the range began, up to its last instant; None where they are not judged anew."""
        if (away := self._away.get(member_id)) is not None:
            return away.paths
        member = self.member(member_id)
        if member is not None:
            self._bring(member, at, at)
        return None if member is None else member.paths

    def _bring(
        self, member: Member, at: datetime, counts_at: datetime, event_key: UUID | None = None, tier: str | None = None
    ) -> None:
        if member.paths is None and counts_at >= self._since:
            member.catch_up(min(max(self._since, member.enrolled_at(at)), at), recorded=tier)
            member.watch(at)
        member.catch_up(at, event_key, tier)

    def _turn(self, member_id: UUID, at: datetime) -> None:
        """Note what a member has come to, and when time may move them next."""
        member = self.member(member_id)
        assert member is not None
        for occasion in member.turns(at):
            self.agenda.put(occasion)
        self.agenda.wake(member_id, member.wakes_at(at))

    def _step_of_receipt(self, step: Step, story: Story) -> Judged:
        key, member_id = step.item.key, step.item.member_id
        before = self._open.pop(key, None) or Brought(story.rate)
        after = self._receipt(step, story, before)
        if (member := self.member(member_id)) is not None:
            member.count(before.counted, after.counted, step.at)
        if self._occurs and story.returns and not before.returned and stands(story).content is not None:
            self.agenda.put(something_returned(member_id, key, min(each.at for each in story.returns)))
            after = replace(after, returned=True)
        if not step.last:
            self._open[key] = after
        return NOTHING if after is before else difference(before, after)

    def _receipt(self, step: Step, known: Story, before: Brought) -> Brought:
        switches = self._scheme.switches_at(step.at) if known.version is None else known.switches
        story = _structs.replace(known, uses=before.uses, version=before.version, rate=before.rate, switches=switches)
        standing = stands(story)
        member = self.member(step.item.member_id)
        if standing.content is None:
            gained = self._settled(member, story, None, before, step.at)
            return replace(Brought(before.rate), version=before.version, owner=before.owner, returned=before.returned,
                           gained=gained, of=before.of)  # fmt: skip
        owner = before.owner or self._facts(step.item, (known.tier, known.profile), step.at)
        entitled = entitlement(story, standing, self._switched(switches), owner, self.counters)
        if entitled.waits is not None or _too_late(entitled, story, before):
            return before
        assert entitled.version is not None
        if member is not None and not step.last and before.owner is None:
            owner = member.kept(owner, entitled.judged_at)
        evaluation = entitled.evaluation
        return Brought(
            entitled.rate or before.rate,
            dict(entitled.target),
            {} if evaluation is None or not evaluation.grants else paid_by(evaluation),
            entitled.uses,
            entitled.version.compiled.version,
            owner,
            self._counted(step.item.member_id, entitled),
            before.returned,
            self._settled(member, story, entitled, before, step.at),
            step.item.member_id,
        )

    def _settled(
        self, member: Member | None, story: Story, entitled: Entitlement | None, before: Brought, at: datetime
    ) -> Mapping[str, Gains]:
        """Put into the member's purse what a receipt is worth now, in the place of what it was worth before."""
        if member is None or member.purse is None:
            return before.gained
        version = None if entitled is None else entitled.version
        if version is None and before.version is not None:
            version = self._programme.numbered(before.version)
        target = {} if entitled is None else entitled.target

        def place(wallet: str, points: int) -> NewCredit | None:
            assert version is not None
            assert entitled is not None
            dates = (entitled.judged_at, entitled.arrived_at, story.signals)
            return place_points(version, wallet, points, *dates)

        policy = Shortfall.DEBT if version is None else Shortfall(version.compiled.source.returns.shortfall)
        return member.purse.settle(before.gained, before.points, target, place, policy, at)

    def _facts(self, item: Item, recorded: tuple[str | None, int | None], at: datetime) -> MemberFacts:
        """Whom a decision sees. `recorded` are the tier and the state of the profile when it was decided."""
        tier, revision = recorded
        if (member := self.member(item.member_id)) is not None:
            return member.seen(at, revision)
        profile = self._profiles.get(item.member_id)
        facts = person(MemberFacts(item.member_id, tier), profile, self._programme, at, revision)
        return listed(facts, profile, self._programme, at, ())

    def _switched(self, switches: tuple[str, ...]) -> RunningProgramme:
        """The programme with these switches off."""
        found = self._under.get(switches)
        if found is None:
            found = self._under[switches] = replace(self._programme, switches=switches)
        return found

    def _counted(self, member_id: UUID, entitled: Entitlement) -> Counted | None:
        """What counts of a receipt in its owner's history."""
        if self._terms is None or entitled.version is None or entitled.evaluation is None:
            return None
        terms = self._terms[entitled.version.compiled.version]
        points = entitled.target.items()
        return count_purchase(member_id, entitled.judged, entitled.judged_at, points, terms, entitled.granted)

    def _activity(
        self,
        step: Step,
        data: Any,
        recorded: tuple[str | None, int | None],
        arrived_at: datetime,
        switches: tuple[str, ...],
    ) -> Judged:
        item = step.item
        version = self._programme.at(item.at)
        if version is None:
            return NOTHING
        member, facts = self.member(item.member_id), self._facts(item, recorded, item.at)
        off = killed(switches, version.compiled, data)
        evaluation = evaluate_activity(version.compiled, data, facts, item.at, self.counters, killed=off)
        placed = place_grants(version, evaluation, item.at, arrived_at, facts) if evaluation.grants else None
        if member is not None and self._terms is not None:
            points = [(credit.wallet, credit.points) for credit in placed or ()]
            terms = self._terms[version.compiled.version]
            granted = granted_by(evaluation) if placed or not evaluation.grants else ()
            if member.purse is not None:
                for credit in placed or ():
                    member.purse.credit(credit, step.at)
            member.count(None, count_activity(item.member_id, data, item.at, points, terms, granted), step.at)
        if placed is None:
            return NOTHING
        return Judged(
            {grant.wallet: grant.points for grant in evaluation.grants},
            paid_by(evaluation),
            {use.key: use.points for use in evaluation.uses},
            {use.key: use.limit for use in evaluation.uses},
        )


def _terms(programme: RunningProgramme) -> Mapping[int, Terms]:
    """By what each version of a programme counts."""
    needs = programme.history
    by_category, shares = (False, frozenset[str]()) if needs is None else (needs.by_category, needs.shares)
    return {
        version.compiled.version: Terms(version.zone, version.compiled.currency, by_category, shares)
        for version in programme.versions
    }


def _too_late(entitled: Entitlement, story: Story, before: Brought) -> bool:
    """Whether a receipt that is judged for the first time came after its period was closed, and nobody awarded it."""
    if story.word == "award" or before.version is not None:
        return False
    version = entitled.version
    assert version is not None
    dates = (entitled.judged_at, entitled.arrived_at, story.signals)
    whose = entitled.owner
    return any(
        place_points(version, wallet, points, *dates, member=whose) is None
        for wallet, points in entitled.target.items()
    )
