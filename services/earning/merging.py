"""Members who turn out to be one person: what a merge does to both, to receipts in hand, and how it is undone. Pure.

What a member did stays theirs by name: receipts, days and decisions keep the id that they were made under, which leads
to the survivor while the merge stands. Only points, debts, identifiers and the use of limits go over. So an undoing has
little to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs

from libs.contracts.events import MemberMergedV1, MemberUnmergedV1
from libs.contracts.writer import EventWriter
from libs.history.counted import business_day
from libs.history.days import Counted
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.late import effective_time
from libs.ledger.model import Allocation, Kind
from libs.ledger.transfer import Passed, Transfer, merge, pass_on, unmerge
from libs.lives.life import MemberName
from libs.lives.made import Cause
from libs.lives.passing import record
from libs.receipts.story import Account, Gained, Story
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id
from services.earning.activities import Acted
from services.earning.announcements import MEMBERS, SOURCE
from services.earning.arrivals import MERGERS, PAIRS, Arrival
from services.earning.cases import Case
from services.earning.history import Histories
from services.earning.lives import Life
from services.earning.movings import NO_LIMIT, Use
from services.earning.tiers import Tiers
from services.earning.verdict import CounterName

UNDO_DAYS = 30
"""So long a merge can be undone."""
_MERGED, _UNMERGED = MemberMergedV1.event_type, MemberUnmergedV1.event_type


Ways = Mapping[tuple[UUID, int], tuple[UUID, int, int]]
"""Where lots went by merges and their undoing: from member and lot to member, lot and points."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as it is kept: what went over, and what came back if it was undone."""

    name: MemberName
    number: int
    survivor: UUID
    passed: tuple[Passed, ...]
    debts: Mapping[str, int]
    identifiers: tuple[str, ...]
    counters: Mapping[str, int]
    at: datetime
    returned: tuple[Passed, ...] = ()
    undone: bool = False

    def ways(self) -> dict[tuple[UUID, int], tuple[UUID, int, int]]:
        """Where lots went by it, and came back to."""
        there = ways(self.name[2], self.survivor, self.passed)
        return there | ways(self.survivor, self.name[2], self.returned)


def ways(source: UUID, target: UUID, passed: Iterable[Passed]) -> dict[tuple[UUID, int], tuple[UUID, int, int]]:
    """Where lots went that passed from one member to another.

    What came to a merged member's lot once it had gone over went to another lot; a receipt's points lie in the first.
    """
    return {(source, each.from_lot): (target, each.to_lot, each.points) for each in reversed([*passed])}


def all_ways(merges: Iterable[Merge]) -> dict[tuple[UUID, int], tuple[UUID, int, int]]:
    """Where lots went by several merges of a programme."""
    return {lot: way for merge in merges for lot, way in merge.ways().items()}


class Done(NamedTuple):
    """A merge that the batch made, or undid, with the event that asked for it and the tier that the survivor gets."""

    merge: Merge
    cause: UUID
    tier: str | None = None


@dataclass(slots=True)
class Merges:
    """The merges of the batch: those known of the members in hand, and what is done to them.

    `known` are the merges of whom a batch is to merge or part, and of ids that lead to others, by member; `identifiers`
    and `counters` are those of the former. `away` are the ledgers of members who were merged, `gone` where lots went.
    `added` is what a merge moved later.
    """

    owners: MutableMapping[tuple[int, int, str], UUID]
    lives: MutableMapping[MemberName, Life]
    standings: MutableMapping[MemberName, Any]
    cases: Mapping[UUID, Case]
    identifiers: dict[MemberName, tuple[str, ...]] = field(default_factory=dict)
    histories: Histories | None = None
    tiers: Tiers | None = None
    known: Mapping[MemberName, Sequence[Merge]] = field(default_factory=dict)
    gone: dict[tuple[UUID, int], tuple[UUID, int, int]] = field(default_factory=dict)
    counters: Mapping[MemberName, Sequence[str]] = field(default_factory=dict)
    used: Mapping[CounterName, int] = field(default_factory=dict)
    away: dict[MemberName, Life] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    added: list[tuple[Merge, tuple[Passed, ...]]] = field(default_factory=list)
    _events: list[Outgoing] = field(default_factory=list)
    _more: dict[MemberName, list[Merge]] = field(default_factory=dict)

    def lead(self, leads: Mapping[MemberName, MemberName]) -> None:
        """Let ids of members who were merged before lead to the survivors, who are loaded."""
        for name, survivor in leads.items():
            self.lives[name], self.standings[name] = self.lives[survivor], self.standings[survivor]

    def untold(self) -> list[Outgoing]:
        """The events of what was done since this was asked last."""
        events, self._events = self._events, []
        return events

    def saved(self) -> list[Life]:
        """Every ledger in hand, once: an id that leads to a survivor names the same one."""
        return list({id(life): life for life in (*self.lives.values(), *self.away.values())}.values())

    def together(self, fresh: Iterable[Arrival]) -> dict[MemberName, set[MemberName]]:
        """All of whom somebody may be one with within the batch, as merges and partings of it say; by each of them."""
        found: dict[MemberName, set[MemberName]] = {}
        for new in fresh:
            if new.kind not in MERGERS:
                continue
            named = [(*new.scope, new.event.data.member_id)]
            named += [(*new.scope, new.event.data.to_member_id)] if new.kind in PAIRS else []
            group = {*named}
            for name in named:
                group |= {(*new.scope, each.survivor) for each in self.known.get(name, ())}
                if name in self.standings:
                    group.add((*new.scope, self.standings[name].facts.member_id))
            group = group.union(*(found.get(name, ()) for name in group))
            found |= dict.fromkeys(group, group)
        return found

    def merge(
        self,
        arrival: Arrival,
        merged: Life | None,
        survivor: Life | None,
        used: Mapping[str, int],
        use: Use,
        now: datetime,
    ) -> Acted:
        """Move all that one member has to another, to whom the id leads from then on.

        `used` are the counters of the programme as the batch goes on, and `use` counts on in one.
        """
        data, at = arrival.event.data, effective_time(arrival.event.time, arrival.arrived_at).instant
        if merged is None or survivor is None:
            return _refused("member-unknown", at)
        if merged is survivor:
            return _refused("same-member", at)
        cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
        for life in (merged, survivor):
            life.catch_up(now, cause)
        made = merge(merged.ledger, survivor.ledger, now)
        if made.refused is not None:
            return _refused(made.refused, at)
        record(merged, survivor, made.given, cause, data.reason)
        record(survivor, merged, made.received, cause, data.reason)
        done = self._keep(arrival, merged, survivor, made, used, use, now)
        self._together(arrival, merged, survivor, now)
        self._tell(arrival.programme, merged, done, made, data.reason, cause, now)
        return Acted(Verdict("merged", data.reason, at), (), _points(made))

    def _keep(
        self,
        arrival: Arrival,
        merged: Life,
        survivor: Life,
        made: Transfer,
        used: Mapping[str, int],
        use: Use,
        now: datetime,
    ) -> Merge:
        name = merged.name
        before = [each.number for each in (*self.known.get(name, ()), *self._more.get(name, ()))]
        number = 1 + max(before, default=0)
        goes = {key: amount for key in self.counters.get(name, ()) if (amount := used.get(key, 0))}
        own, into = str(name[2]), str(survivor.name[2])
        for key, amount in goes.items():
            use(arrival.programme, key.replace(own, into), amount, NO_LIMIT)
        identifiers = self.identifiers.get(name, ())
        self.identifiers |= {name: (), survivor.name: (*self.identifiers.get(survivor.name, ()), *identifiers)}
        done = Merge(name, number, survivor.name[2], made.passed, made.debts, identifiers, goes, now)
        self._more.setdefault(name, []).append(done)
        tier = None if arrival.programme.tiered else merged.standing.facts.tier
        self.done.append(Done(done, arrival.key, tier))
        self.gone |= done.ways()
        self.away[name] = merged
        for known, life in list(self.lives.items()):
            if life is merged:
                self.lives[known], self.standings[known] = survivor, survivor.standing
        self.owners.update({each: survivor.name[2] for each, owner in self.owners.items() if owner == name[2]})
        for case in self.cases.values():
            if lies_in(case.story) == name[2]:
                case.story = moved(case.story, self.gone, survivor.name[2])
        return done

    def _together(self, arrival: Arrival, merged: Life, survivor: Life, now: datetime) -> None:
        """Look where the survivor stands with what both did."""
        if self.histories is None or arrival.programme.history is None:
            return
        self.histories.join(merged.name, survivor.name)
        version = arrival.programme.at(now)
        if self.tiers is not None and version is not None:
            done = Counted(survivor.name[2], business_day(now, version.zone), 0, 0, 0)
            self.tiers.counted(arrival.programme, survivor.standing, arrival.key, done)

    def unmerge(self, arrival: Arrival, survivor: Life | None, use: Use, now: datetime) -> Acted:
        """Give a merged member back what is left of their own; identifiers and the use of limits go back too."""
        data, at = arrival.event.data, effective_time(arrival.event.time, arrival.arrived_at).instant
        name: MemberName = (*arrival.scope, data.member_id)
        last = [*self.known.get(name, ()), *self._more.get(name, ())][-1:]
        merged = self.away.get(name)
        if survivor is None or not last or last[0].undone or merged is None:
            return _refused("member-unknown" if survivor is None else "not-merged", at)
        if survivor.name[2] != last[0].survivor:
            return _refused("merged-again", at)
        if now - last[0].at > timedelta(days=UNDO_DAYS):
            return _refused("undo-too-late", at)
        cause = Cause(arrival.key, arrival.event.source, arrival.event.id)
        for life in (survivor, merged):
            life.catch_up(now, cause)
        made = unmerge(survivor.ledger, merged.ledger, self._present(last[0]), last[0].debts, now)
        if made.refused is not None:
            return _refused(made.refused, at)
        record(survivor, merged, made.given, cause, data.reason)
        record(merged, survivor, made.received, cause, data.reason)
        self._part(arrival, last[0], survivor, merged, made, use)
        self._tell(arrival.programme, merged, last[0], made, data.reason, cause, now, undone=True)
        return Acted(Verdict("unmerged", data.reason, at), (), _points(made))

    def pass_on(
        self,
        merged: Life,
        survivor: Life,
        parts: Iterable[Allocation],
        cause: Cause,
        reason: str,
        now: datetime,
    ) -> None:
        """Move what came to a merged member later to the survivor; an undoing of the merge takes it back with the rest.

        Where the id leads on through several merges it is the last survivor's for good.
        """
        made = pass_on(merged.ledger, survivor.ledger, parts, now)
        record(merged, survivor, made.given, cause, reason)
        record(survivor, merged, made.received, cause, reason)
        known = [*self.known.get(merged.name, ()), *self._more.get(merged.name, ())]
        if known and known[-1].survivor == survivor.name[2]:
            last = replace(known[-1], passed=(*known[-1].passed, *made.passed))
            self.added.append((last, made.passed))
            self._more.setdefault(merged.name, []).append(last)
            self.gone |= last.ways()

    def _present(self, last: Merge) -> Iterator[Passed]:
        """The lots that a merge moved, as they lie in the survivor's ledger now; they may have gone on and back."""
        for each in last.passed:
            lot, points = followed(each.to_lot, last.survivor, self.gone, last.survivor)
            yield Passed(each.from_lot, lot, points or each.points)

    def _part(self, arrival: Arrival, last: Merge, survivor: Life, merged: Life, made: Transfer, use: Use) -> None:
        name, home = last.name, merged.name[2]
        for key, amount in last.counters.items():
            use(arrival.programme, key.replace(str(home), str(last.survivor)), -amount, NO_LIMIT)
        undone = replace(last, returned=made.passed, undone=True)
        self.done.append(Done(undone, arrival.key))
        self._more.setdefault(name, []).append(undone)
        self.gone |= undone.ways()
        for whose in {name, *(self._behind(name) & self.lives.keys())}:
            self.lives[whose], self.standings[whose] = merged, merged.standing
        theirs = self.identifiers.get(survivor.name, ())
        left = tuple([each for each in theirs if each not in last.identifiers])
        back = tuple([each for each in theirs if each in last.identifiers])
        self.identifiers |= {survivor.name: left, name: (*self.identifiers.get(name, ()), *back)}
        names = {(*name[:2], identifier) for identifier in last.identifiers}
        self.owners.update(
            {each: home for each, owner in self.owners.items() if each in names and owner == last.survivor}
        )
        for case in self.cases.values():
            if case.story.owner == home and lies_in(case.story) == survivor.name[2]:
                case.story = moved(case.story, self.gone, home)

    def _behind(self, name: MemberName) -> set[MemberName]:
        """A member, and those of the batch whose ids lead there by merges that stand."""
        last = {whose: merges[-1] for whose, merges in (*self.known.items(), *self._more.items()) if merges}
        found: set[MemberName] = set()
        more = {name}
        while more:
            found |= more
            more = {
                whose for whose, merge in last.items()
                if not merge.undone and (*whose[:2], merge.survivor) in found and whose not in found
            }  # fmt: skip
        return found

    def _tell(
        self,
        programme: RunningProgramme,
        merged: Life,
        done: Merge,
        made: Transfer,
        reason: str,
        cause: Cause,
        now: datetime,
        *,
        undone: bool = False,
    ) -> None:
        standing, kind = merged.standing, _UNMERGED if undone else _MERGED
        data: dict[str, Any] = {
            "member_id": standing.text,
            "survivor_id": str(done.survivor),
            "number": done.number,
            "wallets": _wallets(made),
            "reason": reason,
            "cause_source": cause.source,
            "cause_id": cause.id,
        }
        if not undone:
            data["undo_until"] = now + timedelta(days=UNDO_DAYS)
        writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=programme.tenant, programme=programme.programme)
        name = event_id(programme.tenant, f"{programme.programme}/merge", kind, standing.text, done.number)
        value = writer.write(name, standing.text, None, data)
        headers = writer.headers(name, standing.key, None)
        self._events.append(Outgoing(MEMBERS, standing.key, standing.spread, value, headers, True))


def moved(story: Story, gone: Ways, target: UUID, lapsed: Mapping[int, int] | None = None) -> Story:
    """A story whose points lie in the ledger of `target` now, by the ways that its lots went.

    What of a lot did not come along was spent, taken back or has lapsed: it can be taken back only out of other points,
    and is kept under the number 0. `lapsed` says how much of each lot had lapsed before it went.
    """
    at = lies_in(story)
    accounts = tuple([_account(account, at, gone, target, lapsed or {}) for account in story.accounts])
    uses = tuple([(key.replace(str(at), str(target)), points, most) for key, points, most in story.uses])
    return structs.replace(story, accounts=accounts, uses=uses, ledger=None if target == story.owner else target)


def _account(account: Account, at: UUID | None, ways: Ways, target: UUID, lapsed: Mapping[int, int]) -> Account:
    gained: list[Gained] = []
    rest = back = gone = 0
    for gain in account.gained:
        lot, came = followed(gain.lot, at, ways, target)
        here = min(came, gain.points - gain.reversed)
        if here:
            gained.append(Gained(lot, here))
        rest, back = rest + gain.points - here, back + gain.reversed
        gone += lapsed.get(gain.lot, 0)
    if rest:
        gained.append(Gained(0, rest, back))
    return structs.replace(account, gained=tuple(gained), gone=account.gone + gone)


def followed(lot: int, at: UUID | None, ways: Ways, target: UUID) -> tuple[int, int]:
    """Where a lot lies in the ledger of `target`, and with how many points; 0 and 0 where it did not get there."""
    points = 0
    while at is not None and (way := ways.get((at, lot))) is not None:
        at, lot, points = way
    return (lot, points) if at == target else (0, 0)


def lies_in(story: Story) -> UUID | None:
    """In whose ledger the points of a receipt lie."""
    return story.ledger or story.owner


def _refused(why: str, at: datetime) -> Acted:
    return Acted(Verdict("refused", why, at))


def _points(made: Transfer) -> int:
    return sum(each.points for each in made.passed)


def _wallets(made: Transfer) -> list[dict[str, Any]]:
    points: dict[str, int] = dict.fromkeys(made.debts, 0)
    for movement in made.received:
        if movement.kind is Kind.TRANSFER and movement.opens is not None:
            points[movement.wallet] = points.get(movement.wallet, 0) + movement.amount
    return [{"wallet": name, "points": points[name], "debt": made.debts.get(name, 0)} for name in sorted(points)]
