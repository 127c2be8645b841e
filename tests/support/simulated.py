"""Earning without broker and database: its own decisions over plain dictionaries, a batch at a time, for many seeds.

What is stored goes through the same bytes as in the database (pages, stories), and is loaded from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.codes.proof import CartProofs
from libs.contracts.codec import TopicDecoder
from libs.contracts.identifiers import IdentifierNames
from libs.contracts.rejection import Rejection
from libs.history.days import Counted, MemberDays
from libs.judging.programmes import Programmes
from libs.ledger.decide import opening_movement
from libs.ledger.invariants import INVARIANTS
from libs.ledger.model import Lot, MemberLedger, Movement
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import StoredDecision, read_page, write_page
from libs.receipts.decided import story_of
from libs.receipts.story import Story, read_story, write_story
from services.earning import arrivals
from services.earning.arrivals import Arrival, select
from services.earning.cases import Case
from services.earning.domain import BatchDecider
from services.earning.history import Histories
from services.earning.lives import Life
from services.earning.loaded import Loaded
from services.earning.outcome import Parked, Unclaimed
from services.earning.verdict import Standing
from tests.support.receipts import Record

NAMES = IdentifierNames(bytes(32))
PROOFS = CartProofs(bytes(32))


@dataclass
class Member:
    """A member as stored: the ledger, and every movement in order."""

    ledger: MemberLedger
    journal: list[Movement] = field(default_factory=list)


class World:
    """All that earning stores. `tenant` and `programme` are those of the one programme that is simulated."""

    def __init__(self, programmes: Programmes, scope: tuple[int, int] = (1, 1)) -> None:
        self.programmes = programmes
        self.scope = scope
        self.owners: dict[tuple[int, int, str], UUID] = {}
        self.members: dict[UUID, Member] = {}
        self.inbox: dict[UUID, int] = {}
        self.pages: dict[UUID, bytes] = {}
        self.receipts: dict[UUID, tuple[UUID | None, bytes | None]] = {}
        self.unclaimed: dict[UUID, Unclaimed] = {}
        self.parked: dict[UUID, Parked] = {}
        self.counters: Counter[tuple[int, int, str]] = Counter()
        self.days: dict[UUID, MemberDays] = {}
        self.outcomes: Counter[str] = Counter()
        self.told: list[object] = []

    def enrol(self, member_id: UUID, identifiers: Iterable[str], now: datetime) -> None:
        """Enrol a member, who gets what waited for the identifiers."""
        self.members.setdefault(member_id, Member(MemberLedger(member_id)))
        names = [(*self.scope, name) for name in identifiers]
        self.owners |= dict.fromkeys(names, member_id)
        waiting = sorted(
            (each for each in self.unclaimed.values() if set(each.identifiers) & {name[2] for name in names}),
            key=lambda each: (each.occurred_at, each.receipt_key.bytes),
        )
        cases = {each.receipt_key: self._case(each.receipt_key) for each in waiting}
        loaded = self._loaded([], cases, [member_id])
        decider = BatchDecider(loaded, now)
        for each in waiting:
            decider.adopt(cases[each.receipt_key], member_id)
        self._save(decider, loaded, [])

    def batch(self, records: Sequence[Record], now: datetime, arrived_at: datetime | None = None) -> None:
        """Apply records of one topic in one transaction."""
        fresh: list[Arrival] = []
        for record in records:
            event = TopicDecoder(record.topic).decode(record.value)
            assert not isinstance(event, Rejection), event
            arrival = select(event, self.programmes, NAMES, arrived_at or now, PROOFS)
            assert not isinstance(arrival, Rejection), arrival
            if arrival.key not in self.inbox:
                self.inbox[arrival.key] = arrival.body_hash
                fresh.append(arrival)
        said = Counter(arrival.receipt_key for arrival in fresh)
        cases: dict[UUID, Case] = {}
        for arrival in fresh:
            key = arrival.receipt_key
            if key is None or key in cases:
                continue
            if key in self.receipts or said[key] > 1 or arrival.kind != arrivals.COMPLETED:
                cases[key] = self._case(key)
        named = [getattr(arrival.event.data, "member_id", None) for arrival in fresh]
        loaded = self._loaded(fresh, cases, [each for each in named if each in self.members])
        decider = BatchDecider(loaded, now)
        decider.decide(fresh)
        self.outcomes.update(decider.result.outcomes)
        self._save(decider, loaded, fresh)

    def points(self, member_id: UUID) -> int:
        """What a member has, pending or not, less what is owed."""
        ledger = self.members[member_id].ledger
        return sum(lot.remaining for lot in ledger.lots) - sum(debt.amount for debt in ledger.debts)

    def flaws(self) -> list[str]:
        """What of the ledger's invariants does not hold."""
        return [
            f"{member_id}: {flaw}"
            for member_id, member in self.members.items()
            for check in INVARIANTS.values()
            for flaw in check(member.ledger, member.journal)
        ]

    def _case(self, key: UUID) -> Case:
        programme = self.programmes.prefixes[next(iter(self.programmes.prefixes))]
        event_key, stored = self.receipts.get(key, (None, None))
        if stored is not None:
            return Case(programme, key, event_key, None, read_story(stored))
        if event_key is None:
            return Case(programme, key, None, None, Story())
        (decision,) = read_page(self.pages[event_key])
        return Case(programme, key, event_key, None, story_of(decision))

    def _loaded(self, fresh: Sequence[Arrival], cases: dict[UUID, Case], named: Iterable[UUID]) -> Loaded:
        standings = {
            (*self.scope, member_id): Standing(
                MemberFacts(member_id), member.ledger.seq, 1, str(member_id), str(member_id).encode()
            )
            for member_id, member in self.members.items()
        }
        whole = {*named, *[case.story.owner for case in cases.values() if case.story.owner is not None]}
        for arrival in fresh:
            if arrival.kind != arrivals.COMPLETED or arrival.receipt_key in cases:
                whole |= {self.owners[name] for name in self._names(arrival) if name in self.owners}
        for member_id, member in self.members.items():
            if any(debt.amount for debt in member.ledger.debts) or any(lot.pending for lot in member.ledger.lots):
                whole.add(member_id)
        lives = {}
        for member_id in whole:
            ledger = self.members[member_id].ledger
            lives[*self.scope, member_id] = Life(
                (*self.scope, member_id), standings[*self.scope, member_id], ledger, whole=True
            )
        histories = None
        if any(programme.history for programme in self.programmes.prefixes.values()):
            days = {name: self.days.get(name[2], MemberDays()) for name in standings}
            histories = Histories(days, standings)
        return Loaded(self.owners, standings, lives, cases, dict(self.counters), histories)

    def _names(self, arrival: Arrival) -> list[tuple[int, int, str]]:
        return [(*self.scope, name) for name in arrival.identifiers]

    def _save(self, decider: BatchDecider, loaded: Loaded, fresh: Sequence[Arrival]) -> None:
        result = decider.result
        for life in loaded.lives.values():
            member = self.members[life.name[2]]
            member.ledger = life.ledger
            member.journal += [made.movement for made in life.made]
        for (_, _, member_id, day), done in result.days.items():
            own = self.days.get(member_id, MemberDays())
            self.days[member_id] = own.with_more(Counted(member_id, day, *done))
        for new in result.lots:
            self._add(self.members[new.member_id], new.lot)
        for arrival, kept in zip(fresh, result.decisions, strict=True):
            if kept is not None:
                self._keep(kept[1])
            if arrival.receipt_key is not None and arrival.receipt_key not in loaded.cases:
                self.receipts[arrival.receipt_key] = (arrival.key, None)
        for decision in result.again.values():
            self._keep(decision)
        for key, case in loaded.cases.items():
            self.receipts[key] = (case.event_key, write_story(case.story))
        for key in result.settled:
            self.unclaimed.pop(key, None)
            self.parked.pop(key, None)
        self.unclaimed |= result.unclaimed
        self.parked |= result.parked
        for name, (points, limit) in result.uses.items():
            self.counters[name] += points
            assert 0 <= self.counters[name] <= limit
        self.told += [event for events in result.events for event in events]

    def _keep(self, decision: StoredDecision) -> None:
        self.pages[decision.key] = write_page([decision])

    def _add(self, member: Member, lot: Lot) -> None:
        movement = opening_movement(lot)
        member.journal.append(movement)
        member.ledger = MemberLedger(
            member.ledger.member_id, lot.seq, (*member.ledger.lots, lot), member.ledger.debts
        )  # fmt: skip
