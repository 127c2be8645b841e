"""Earning's database as plain dictionaries: the handlers themselves run on it, a batch at a time, for many seeds.

It stands in for `services.earning.store`, keeps the bytes and rows that go there, and loads what it tells from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from libs.history.days import Counted, MemberDays, Sum
from libs.history.postgres import AskedDays
from libs.judging.groups import in_segments
from libs.judging.profiles import Profile, knowing
from libs.judging.profiles import enrolled as joined
from libs.judging.versions import RunningProgramme
from libs.ledger.decide import opening_movement
from libs.ledger.invariants import INVARIANTS
from libs.ledger.model import Debt, Kind, Lot, MemberLedger, Movement
from libs.lives.life import NEVER, MemberName, rows
from libs.promotions.facts import MemberFacts
from libs.promotions.pages import StoredDecision, pick, write_page
from libs.receipts.decided import story_of
from libs.receipts.story import Story, read_story, write_story
from libs.runtime.batch import Span
from services.earning import profile_store, store
from services.earning.carts import Became
from services.earning.cases import Case
from services.earning.lives import Life
from services.earning.merging import Merge
from services.earning.outcome import BatchDecision, Parked, Unclaimed
from services.earning.segment_store import NOBODY, Seeing
from services.earning.tiers import Change, MemberTiers, Place, Tiers
from services.earning.verdict import CounterName, Standing
from tests.support.memory_merges import is_merged
from tests.support.memory_referrals import ReferralTables


class LimitPassed(Exception):
    """A batch would use more of a limit than there is."""


class Head(NamedTuple):
    """A member's row in the ledger."""

    seq: int
    spread: int
    tier: str | None
    activates_at: datetime | None = None
    lapses_at: datetime | None = None
    owing: bool = False


class Receipt(NamedTuple):
    """A receipt number's row."""

    scope: tuple[int, int]
    event_key: UUID | None
    page: int | None
    member_id: UUID | None
    story: bytes | None = None


LotName = tuple[int, int, UUID, int]


@dataclass
class Memory:
    """The tables. Every value is frozen, so that a copy of the dictionaries is a copy of everything."""

    inbox: dict[tuple[int, UUID], tuple[int, int]] = field(default_factory=dict)
    identifiers: dict[store.IdentifierName, UUID] = field(default_factory=dict)
    heads: dict[MemberName, Head] = field(default_factory=dict)
    lots: dict[LotName, Lot] = field(default_factory=dict)
    journal: dict[MemberName, tuple[Movement, ...]] = field(default_factory=dict)
    debts: dict[tuple[int, int, UUID, str], Debt] = field(default_factory=dict)
    receipts: dict[tuple[int, UUID], Receipt] = field(default_factory=dict)
    pages: dict[tuple[int, int], bytes] = field(default_factory=dict)
    unclaimed: dict[UUID, Unclaimed] = field(default_factory=dict)
    parked: dict[UUID, Parked] = field(default_factory=dict)
    about: dict[tuple[int, UUID, UUID], None] = field(default_factory=dict)
    counters: dict[CounterName, int] = field(default_factory=dict)
    limits: dict[CounterName, int] = field(default_factory=dict)
    days: dict[tuple[int, int, UUID, date], Sum] = field(default_factory=dict)
    places: dict[tuple[MemberName, str], Place] = field(default_factory=dict)
    tier_changes: dict[tuple[MemberName, str, int], object] = field(default_factory=dict)
    changes_told: dict[tuple[MemberName, str, int], Change] = field(default_factory=dict)
    enrolled: dict[MemberName, datetime] = field(default_factory=dict)
    profiles: dict[MemberName, tuple[Profile, ...]] = field(default_factory=dict)
    segments: dict[MemberName, tuple[str, ...]] = field(default_factory=dict)
    base: list[int] = field(default_factory=lambda: [0])
    referrals: ReferralTables = field(default_factory=ReferralTables)
    merges: dict[tuple[MemberName, int], Merge] = field(default_factory=dict)

    def copy(self) -> Memory:
        """The same tables, to go back to."""
        return Memory(**{name: table.copy() for name, table in vars(self).items()})

    def begin_batch(
        self,
        consumer: str,
        now: datetime,
        spans: Sequence[Span],
        entries: Sequence[store.Entry],
        identifiers: Iterable[store.IdentifierName] = (),
    ) -> store.Begun:
        self.base[0] += 4096
        status = ""
        for (_, tenant, page), key, body in entries:
            known = self.inbox.setdefault((tenant, key), (body, self.base[0] + page))
            status += "f" if known == (body, self.base[0] + page) else "r" if known[0] == body else "c"
        owners = {name: self.identifiers[name] for name in identifiers if name in self.identifiers}
        return store.Begun([True] * len(spans), self.base[0], status, owners)

    def open_batch(
        self,
        receipts: Sequence[store.AskedReceipt],
        members: Sequence[MemberName],
        counters: Sequence[CounterName] = (),
        *,
        asking: Mapping[tuple[int, int], RunningProgramme] = profile_store.NOBODY,
        lock_counters: bool = False,
        seeing: Seeing = NOBODY,
    ) -> store.Opened:
        known = []
        for asked in receipts:
            row = self.receipts.get((asked.tenant_id, asked.key))
            if row is None:
                scope = (asked.tenant_id, asked.programme_id)
                row = Receipt(scope, asked.event_key, asked.page, asked.member_id)
                self.receipts[asked.tenant_id, asked.key] = row
            else:
                known.append(
                    store.KnownReceipt(*row.scope, asked.key, row.event_key, row.page, row.member_id, row.story)
                )
        theirs = [(*each[:2], each.member_id) for each in known if each.member_id is not None]
        standings = {}
        for name in sorted({*members, *theirs} & self.heads.keys()):
            if is_merged(self, name):
                continue
            head, text = self.heads[name], str(name[2])
            facts = MemberFacts(name[2], head.tier)
            if name[:2] in asking:
                states = self.profiles.get(name, ())
                facts = knowing(facts, states[-1] if states else Profile(0))
                facts = joined(facts, self.enrolled[name], asking[name[:2]])
            if name[:2] in seeing:
                facts = in_segments(facts, self.segments.get(name, ()), seeing[name[:2]])
            standings[name] = Standing(facts, head.seq, head.spread, text, text.encode(), *head[3:])
        return store.Opened(known, standings, self.load_counters(counters))

    def load_counters(self, counters: Sequence[CounterName], *, lock: bool = False) -> dict[CounterName, int]:
        return {name: self.counters.get(name, 0) for name in counters}

    def load_decisions(self, wanted: Sequence[tuple[int, int, UUID]]) -> dict[UUID, StoredDecision]:
        return {key: decision for tenant, page, key in wanted for decision in pick(self.pages[tenant, page], [key])}

    def load_ledgers(
        self, members: Sequence[MemberName], standings: Mapping[MemberName, Standing]
    ) -> dict[MemberName, MemberLedger]:
        return {name: self.ledger(name, whole=False) for name in members}

    def load_lapsed(self, lots: Sequence[LotName]) -> dict[LotName, int]:
        lapsed: dict[LotName, int] = {}
        for lot in lots:
            for movement in self.journal.get(lot[:3], ()):
                if movement.kind is Kind.EXPIRE:
                    for part in movement.allocations:
                        if part.lot_seq == lot[3]:
                            lapsed[lot] = lapsed.get(lot, 0) + part.amount
        return lapsed

    def save_batch(
        self,
        now: datetime,
        page_base: int,
        pages: Mapping[tuple[int, int], Sequence[StoredDecision]],
        decided: BatchDecision,
    ) -> None:
        for new in decided.lots:
            name = (new.term.tenant_id, new.term.programme_id, new.member_id)
            head = self.heads[name]
            assert new.lot.seq == head.seq + 1, "numbers have no gap"
            lapses = [at for at in (head.lapses_at, new.term.expires_at) if at is not None]
            self.heads[name] = head._replace(seq=new.lot.seq, lapses_at=min(lapses, default=None))
            self.lots[*name, new.lot.seq] = new.lot
            self.journal[name] = (*self.journal.get(name, ()), opening_movement(new.lot))
        for (tenant, number), decisions in pages.items():
            assert (tenant, page_base + number) not in self.pages
            self.pages[tenant, page_base + number] = write_page(decisions)

    def save_lives(self, now: datetime, lives: Iterable[Life]) -> None:
        lives = list(lives)
        for life in lives:
            self.journal[life.name] = (*self.journal.get(life.name, ()), *[made.movement for made in life.made])
            for began, lot, _ in life.opened():
                self.lots[*life.name, began.seq] = lot
        tables = rows(lives)
        for row in tables["touched"]:
            place = (row["tenant_id"], row["programme_id"], row["member_id"], row["seq"])
            dates = {}
            if row["now_active_from"] is not None:
                dates["active_from"] = row["now_active_from"]
            if row["now_expires_at"] is not None:
                dates["expires_at"] = None if row["now_expires_at"] == NEVER else row["now_expires_at"]
            left = {key: row[key] for key in ("remaining", "held", "pending")}
            self.lots[place] = structs.replace(self.lots[place], **left, **dates)
        for row in tables["debts"]:
            debt = Debt(**{name: row[name] for name in Debt.__struct_fields__})
            self.debts[row["tenant_id"], row["programme_id"], row["member_id"], row["wallet"]] = debt
        for row in tables["heads"]:
            name = (row["tenant_id"], row["programme_id"], row["member_id"])
            assert row["seq"] == len(self.journal[name]), "numbers have no gap"
            changed = {key: row[key] for key in ("seq", "activates_at", "lapses_at", "owing")}
            self.heads[name] = self.heads[name]._replace(**changed)

    def save_receipts(
        self,
        now: datetime,
        cases: Sequence[Case],
        decided: BatchDecision,
        again: Sequence[tuple[int, UUID, int]],
    ) -> None:
        for case in cases:
            row = Receipt(
                case.programme.key, case.event_key, case.page, case.story.owner, write_story(case.story)
            )  # fmt: skip
            assert (case.tenant_id, case.key) in self.receipts
            self.receipts[case.tenant_id, case.key] = row
        for one in decided.about:
            name = (one.tenant_id, one.receipt_key, one.event_key)
            assert name not in self.about
            self.about[name] = None
        for tenant, key, page in again:
            self.inbox[tenant, key] = (self.inbox[tenant, key][0], page)
        for key in decided.settled:
            self.unclaimed.pop(key, None)
            self.parked.pop(key, None)
        assert not self.unclaimed.keys() & decided.unclaimed.keys()
        assert not self.parked.keys() & decided.parked.keys()
        self.unclaimed |= decided.unclaimed
        self.parked |= decided.parked

    def end_batch(self, uses: Mapping[CounterName, tuple[int, int]], outbox: Sequence[object]) -> list[int]:
        for name, (points, limit) in uses.items():
            self.counters[name] = self.counters.get(name, 0) + points
            self.limits[name] = limit
            if points > 0 and self.counters[name] > limit:
                raise LimitPassed(name)
        return []

    def load_days(self, asked: Sequence[AskedDays]) -> dict[MemberName, MemberDays]:
        found = {one[:3]: MemberDays() for one in asked}
        merged = {each.name: (*each.name[:2], each.survivor) for each in self.merges.values() if not each.undone}
        for (tenant, programme, member_id, day), done in self.days.items():
            name = survivor = (tenant, programme, member_id)
            while survivor in merged:
                survivor = merged[survivor]
            for each in {name, survivor} & found.keys():
                found[each] = found[each].with_more(Counted(member_id, day, *done))
        return found

    def save_days(self, changes: Mapping[tuple[int, int, UUID, date], Sum]) -> None:
        for name, done in changes.items():
            self.days[name] = self.days.get(name, Sum()).with_more(*done)
            if self.days[name].empty:
                del self.days[name]

    def load_places(self, members: Sequence[MemberName]) -> dict[MemberName, MemberTiers]:
        return {
            name: MemberTiers(
                self.enrolled[name], {key[1]: replace(place) for key, place in self.places.items() if key[0] == name}
            )
            for name in members
        }

    def save_tiers(self, now: datetime, tiers: Tiers) -> None:
        self.places |= {key: replace(place) for key, place in tiers.changed.items()}
        for kept in tiers.changes:
            name = (kept.name, kept.tiers.name, kept.number)
            assert name not in self.tier_changes
            assert kept.number == 1 or (*name[:2], kept.number - 1) in self.tier_changes, "numbers have no gap"
            change, self.changes_told[name] = kept.change, kept
            self.tier_changes[name] = (change.before, change.after.level, change.reason, kept.figures)
        for member, level in tiers.driven.items():
            self.heads[member] = self.heads[member]._replace(tier=level)

    def identifier_owners(self, identifiers: Sequence[store.IdentifierName]) -> dict[store.IdentifierName, UUID]:
        return {name: self.identifiers[name] for name in identifiers if name in self.identifiers}

    def lock_owners(self, identifiers: Sequence[store.IdentifierName]) -> dict[store.IdentifierName, UUID]:
        return self.identifier_owners(identifiers)

    def lock_late(self, members: Sequence[MemberName]) -> None:
        """One writer at a time: nobody holds anything."""

    def tie_identifiers(self, now: datetime, ties: Sequence[store.Tie]) -> None:
        for tie in ties:
            assert self.identifiers.get(tie[:3]) == tie.was
            self.identifiers.pop(tie[:3], None)
            if tie.becomes is not None:
                self.identifiers[tie[:3]] = tie.becomes

    def load_enrolled(self, members: Sequence[MemberName]) -> set[MemberName]:
        return self.enrolled.keys() & members

    def enrol_members(self, now: datetime, members: Sequence[store.NewMember]) -> None:
        for new in members:
            head = self.heads.get(new[:3], Head(0, new.spread, None))
            self.heads[new[:3]] = head._replace(tier=new.tier or head.tier)
            self.enrolled.setdefault(new[:3], new.enrolled_at)

    def tell_profiles(self, now: datetime, told: Mapping[MemberName, profile_store.Told]) -> None:
        for name, (birthday, attributes) in told.items():
            states = self.profiles.get(name, ())
            before = states[-1] if states else Profile(0)
            after = {key: value for key, value in {**before.attributes, **attributes}.items() if value is not None}
            day = before.birthday if birthday is None else divmod(birthday, 100)
            if (day, after) != before[1:]:
                self.profiles[name] = (*states, Profile(before.revision + 1, day, after))

    def load_past(self, cases: Iterable[Case], standings: Mapping[MemberName, Standing]) -> None:
        for case in cases:
            if case.story.owner is None:
                continue
            name = (*case.programme.key, case.story.owner)
            if name in standings and case.story.profile not in (None, standings[name].facts.profile):
                states = {each.revision: each for each in (Profile(0), *self.profiles.get(name, ()))}
                case.profile = states[case.story.profile]

    def unclaimed_of(self, identifiers: Sequence[store.IdentifierName]) -> list[tuple[int, int, UUID]]:
        wanted = set(identifiers)
        return [
            (*each[:2], each.receipt_key)
            for each in self.unclaimed.values()
            if any((*each[:2], name) in wanted for name in each.identifiers)
        ]

    def body_hashes(self, names: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], int]:
        return {name: self.inbox[name][0] for name in names}

    def buy(self, wanted: Sequence[tuple[int, UUID, UUID | None]], now: datetime) -> list[Became]:
        return [Became("bought", None) for _ in wanted]  # every cart here is held, and anybody's

    def ledger(self, name: MemberName, *, whole: bool = True) -> MemberLedger:
        """A member's ledger, with every lot that there ever was or only with what is left."""
        lots = [lot for key, lot in self.lots.items() if key[:3] == name and (whole or lot.remaining)]
        debts = [debt for key, debt in self.debts.items() if key[:3] == name and (whole or debt.amount or debt.lent)]
        debts.sort(key=lambda debt: debt.wallet)
        return MemberLedger(name[2], self.heads[name].seq, tuple(sorted(lots, key=_by_seq)), tuple(debts))

    def points(self, name: MemberName) -> int:
        """What a member has, pending or not, less what is owed."""
        ledger = self.ledger(name)
        return sum(lot.remaining for lot in ledger.lots) - sum(debt.amount for debt in ledger.debts)

    def decisions(self) -> dict[tuple[int, UUID], StoredDecision | None]:
        """What the inbox says of each event, by tenant and key: its decision, or that its page has none."""
        return {
            (tenant, key): next(iter(pick(self.pages[tenant, page], [key])), None)
            if (tenant, page) in self.pages
            else None
            for (tenant, key), (_, page) in self.inbox.items()
        }

    def stories(self) -> Iterator[tuple[tuple[int, UUID], Story]]:
        """The story of every receipt number, told from the purchase where there is no other."""
        decisions = self.decisions()
        for (tenant, key), row in self.receipts.items():
            if row.story is not None:
                yield (tenant, key), read_story(row.story)
            elif row.event_key is not None and (decision := decisions[tenant, row.event_key]) is not None:
                yield (tenant, key), story_of(decision)

    def flaws(self) -> list[str]:
        """What of the ledger's invariants does not hold."""
        return [
            f"{name[2]}: {flaw}"
            for name in self.heads
            for check in INVARIANTS.values()
            for flaw in check(self.ledger(name), self.journal.get(name, ()))
        ]


def _by_seq(lot: Lot) -> int:
    return lot.seq
