"""Points of some members by plain lists and sums: what stores are held against, and nothing of the ledger in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
HOLD, GRACE = timedelta(minutes=15), timedelta(days=30)
Part = tuple["Lot", int]


def quarter_end(instant: datetime) -> datetime:
    """The end of the quarter in Rome that an instant lies in."""
    local = instant.astimezone(ROME)
    month = (local.month - 1) // 3 * 3 + 4
    return datetime(local.year + month // 13, month % 12, 1, tzinfo=ROME)


@dataclass(eq=False)
class Lot:
    """Points of a member that lapse together; `lapsed` is what of them did, `others` what others have of them.

    `was` is the lot that they were before their member was merged: they are shared as that one.
    """

    who: int
    until: datetime
    earned: datetime
    left: int
    held: int = 0
    lapsed: int = 0
    others: int = 0
    was: Lot | None = None

    def __post_init__(self) -> None:
        self.size = self.left

    @property
    def free(self) -> int:
        """What is not held."""
        return self.left - self.held

    @property
    def first(self) -> Lot:
        """The lot that they were before any merge."""
        return self if self.was is None else self.was.first


@dataclass(eq=False)
class Purse:
    """What a member has and owes; `into` is whom they were merged into.

    What is lent is repaid by so many percent of what comes later, and is owed from `due` on.
    """

    lots: list[Lot] = field(default_factory=list)
    owed: int = 0
    into: int | None = None
    lent: int = 0
    percent: int = 0
    due: datetime | None = None

    def lend(self, points: int, percent: int, due: datetime | None) -> None:
        """Lend so much more: the larger share and the earlier day hold for all of it."""
        if points and due is not None:
            self.percent, self.due = max(percent, self.percent), due if self.due is None else min(due, self.due)
            self.lent += points

    def repay(self, points: int) -> None:
        """Less is lent; terms end with the last of it."""
        self.lent -= points
        if not self.lent:
            self.percent, self.due = 0, None


@dataclass(eq=False)
class Receipt:
    """A purchase: what it came to, what of that came back, and where its points lie.

    `cap` is how much of it can be taken from its own lot, `gone` what had lapsed before that went to another purse,
    `counted` what has lapsed and was taken into account by returns. `left` are lots that its points have left since it
    was looked at last, with how much of them had lapsed then.
    """

    who: int
    minor: int
    own: Lot | None
    cap: int
    back: int = 0
    gone: int = 0
    counted: int = 0
    left: dict[Lot, int] = field(default_factory=dict)


@dataclass
class Points:
    """Everybody's points, the receipts that brought them, and sums of what came and went."""

    now: datetime
    purses: list[Purse]
    receipts: dict[str, Receipt] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)

    def who(self, who: int) -> int:
        """Whom a member's id leads to."""
        into = self.purses[who].into
        return who if into is None else self.who(into)

    def kin(self, who: int | None) -> list[int]:
        """A member with those who are that one now; nobody for whoever was merged."""
        return [each for each in range(len(self.purses)) if self.who(each) == who]

    def wait(self, until: datetime) -> None:
        """Let time pass: what is free of lots whose date has come is gone, and loans fall due in their turn."""
        for who, purse in enumerate(self.purses):
            if purse.due is not None and purse.due <= until:
                self.now = purse.due
                self._lapse(purse.lots)
                purse.owed += purse.lent
                purse.repay(purse.lent)
                self._repay(who)
        self.now = until
        for purse in self.purses:
            self._lapse(purse.lots)

    def usable(self, who: int) -> list[Lot]:
        """What can be spent, in the order in which it is."""
        there = [lot for lot in self.purses[who].lots if lot.free and lot.until > self.now]
        return sorted(there, key=lambda lot: (lot.until, lot.earned))

    def spendable(self, who: int) -> int:
        """How much that is; nothing while anything is owed."""
        return 0 if self.purses[who].owed else sum(lot.free for lot in self.usable(who))

    def gain(self, who: int, points: int, why: str = "issued", at: datetime | None = None) -> Lot:
        """Points that are new, earned at an instant, good to the end of the quarter after it."""
        self.sums[why] += points
        at = at or self.now
        lot, purse = self._put(Lot(who, quarter_end(quarter_end(at)), at, points)), self.purses[who]
        if purse.lent:
            part = min(purse.lent, -(-lot.free * purse.percent // 100))
            lot.left -= part
            purse.repay(part)
        return lot

    def lend(self, who: int, points: int, fee: int, percent: int, due: datetime) -> None:
        """Points come for a debt that bars nothing until it is due; nothing is issued by it."""
        self._put(Lot(who, quarter_end(quarter_end(self.now)), self.now, points))
        self.sums["spent"] += fee
        self.purses[who].lend(points + fee, percent, due)

    def together(self, who: int, home: Sequence[int], percent: int) -> list[Part]:
        """What a member can spend with others, in order: of their lots so many percent; of alike lots one's own first.

        `home` is the order in which alike lots of others go.
        """
        if self.purses[who].owed:
            return []
        free = [(lot, lot.free) for lot in self.usable(who)]
        for other in home:
            if other != who and not self.purses[other].owed and not self.purses[other].lent:
                may: dict[Lot, int] = {}
                for lot in self.usable(other):
                    first = lot.first
                    whole = may.setdefault(first, max(0, first.size * percent // 100 - first.others))
                    part = min(lot.free, whole)
                    may[first] -= part
                    free.append((lot, part))
        free = [(lot, part) for lot, part in free if part > 0]
        return sorted(free, key=lambda each: (each[0].until, each[0].earned))

    def hold(self, who: int, points: int, there: list[Part] | None = None) -> list[Part]:
        """Set points aside, of a member's own or of what is there."""
        parts = self._parts(who, points, there)
        for lot, part in parts:
            lot.held += part
            lot.first.others += part * (lot.who != who)
        return parts

    def spend(self, who: int, points: int, why: str = "spent", there: list[Part] | None = None) -> list[Part]:
        """Take points out."""
        parts = self._parts(who, points, there)
        for lot, part in parts:
            lot.left -= part
            lot.first.others += part * (lot.who != who)
        self.sums[why] += points
        return parts

    def spend_held(self, parts: list[Part]) -> None:
        """Take out what was set aside."""
        for lot, part in parts:
            lot.left -= part
            lot.held -= part
            self.sums["spent"] += part

    def free(self, parts: list[Part]) -> None:
        """Let go what was set aside."""
        for lot, part in parts:
            lot.held -= part
        self._came_back(parts)

    def restore(self, parts: list[Part], *, mercy: bool) -> None:
        """Put what was spent back where it came from; with mercy it lives a while longer if its date has passed."""
        later = min(self.now + GRACE, quarter_end(self.now))
        for lot, part in parts:
            if mercy and lot.until <= self.now:
                lot.until = later
            lot.left += part
            self.sums["spent"] -= part
        self._came_back(parts)
        self._go_on([lot for lot, _ in parts])

    def _go_on(self, lots: Sequence[Lot]) -> None:
        """What came back to somebody who was merged goes on to whom they lead."""
        for lot in sorted(dict.fromkeys(lots), key=lambda lot: (lot.until, lot.earned)):
            whom = self.who(lot.who)
            if whom != lot.who and lot.left:
                was = lot if self.purses[lot.who].into == whom else None
                self._put(Lot(whom, lot.until, lot.earned, lot.left, was=was))
                lot.left = 0

    def buy(self, number: str, who: int, minor: int, at: datetime | None = None) -> None:
        """A receipt: a point for each 1.00."""
        who, points = self.who(who), minor // 100
        lot = self.gain(who, points, at=at) if points else None
        self.receipts[number] = Receipt(who, minor, lot, points)

    def bring_back(self, number: str, minor: int) -> None:
        """A part of a receipt comes back: its points are taken from its own lot, then from others, or are owed."""
        receipt = self.receipts[number]
        who = self.who(receipt.who)
        points = (receipt.minor - receipt.back) // 100 - (receipt.minor - receipt.back - minor) // 100
        receipt.back += minor
        receipt.gone += sum(lot.lapsed - before for lot, before in receipt.left.items())
        receipt.left.clear()
        own = receipt.own
        left = points
        if own is not None:
            part = min(left, own.free, receipt.cap)
            own.left, left = own.left - part, left - part
        gone = min(left, receipt.gone + (0 if own is None else own.lapsed) - receipt.counted)
        receipt.counted, left = receipt.counted + gone, left - gone
        for lot in self.usable(who):
            part = min(left, lot.free)
            lot.left, left = lot.left - part, left - part
        self.purses[who].owed += left
        receipt.cap -= min(receipt.cap, points - gone)
        self.sums["reversed"] += points - gone

    def give(self, who: int, whom: int, points: int) -> None:
        """Points go to another member with their dates."""
        for lot, part in self._parts(who, points):
            lot.left -= part
            self._put(Lot(whom, lot.until, lot.earned, part), repay=False)
        self._repay(whom)

    def merge(self, who: int, whom: int) -> None:
        """All that a member has and owes goes to another, who is the same person."""
        purse, other = self.purses[who], self.purses[whom]
        went: dict[Lot, Lot] = {}
        for lot in sorted((lot for lot in purse.lots if lot.left), key=lambda lot: (lot.until, lot.earned)):
            went[lot] = self._put(Lot(whom, lot.until, lot.earned, lot.left, was=lot), repay=False)
            lot.left = 0
        for receipt in self.receipts.values():
            if (own := receipt.own) is not None and own in purse.lots:
                receipt.own = went.get(own)
                receipt.cap = 0 if receipt.own is None else min(receipt.own.left, receipt.cap)
                receipt.gone += own.lapsed
                receipt.left[own] = own.lapsed
        other.owed, purse.owed, purse.into = other.owed + purse.owed, 0, whom
        other.lend(purse.lent, purse.percent, purse.due)
        purse.repay(purse.lent)
        self._repay(whom)

    def in_balance(self) -> bool:
        """Whether every point that ever came is somewhere."""
        came = self.sums["issued"] + self.sums["given"]
        there = sum(lot.left for purse in self.purses for lot in purse.lots)
        gone = sum(self.sums[why] for why in ("spent", "expired", "reversed", "taken"))
        return came == there + gone - sum(purse.owed + purse.lent for purse in self.purses)

    def _parts(self, who: int, points: int, there: list[Part] | None = None) -> list[Part]:
        parts = []
        for lot, may in [(lot, lot.free) for lot in self.usable(who)] if there is None else there:
            if part := min(points, may):
                parts.append((lot, part))
                points -= part
        assert not points
        return parts

    def _put(self, lot: Lot, *, repay: bool = True) -> Lot:
        self.purses[lot.who].lots.append(lot)
        if repay:
            self._repay(lot.who)
        return lot

    def _came_back(self, parts: list[Part]) -> None:
        self._lapse([lot for lot, _ in parts])
        for who in {lot.who for lot, _ in parts}:
            self._repay(who)

    def _lapse(self, lots: list[Lot]) -> None:
        for lot in lots:
            if lot.until <= self.now:
                self.sums["expired"] += lot.free
                lot.lapsed, lot.left = lot.lapsed + lot.free, lot.held

    def _repay(self, who: int) -> None:
        purse = self.purses[who]
        for lot in self.usable(who):
            part = min(purse.owed, lot.free)
            lot.left, purse.owed = lot.left - part, purse.owed - part
