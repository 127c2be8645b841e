"""A member's points as a plain dict of lots that every question searches from end to end, one point at a time.

Times are whole days. What it does to a lot is also written down as (day it counts from, lot, points), to tell the past.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

FOREVER = 10**6


@dataclass
class NaiveLot:
    """One lot; `taken_back` are its points that were reversed, wherever they were taken from."""

    wallet: str
    amount: int
    earned: int
    active: int
    expires: int
    pending: bool
    left: int = 0
    lapsed: int = 0
    taken_back: int = 0


@dataclass
class NaiveLife:
    """The lots by number, what is owed by wallet and since when, and what has happened to lots."""

    lots: dict[int, NaiveLot] = field(default_factory=dict)
    owed: Counter[str] = field(default_factory=Counter)
    since: dict[str, int] = field(default_factory=dict)
    happened: list[tuple[int, int, int]] = field(default_factory=list)
    debts: list[tuple[int, str, int]] = field(default_factory=list)

    def add(self, seq: int, lot: NaiveLot) -> None:
        self.lots[seq] = lot
        self.change(lot.earned, seq, lot.amount)

    def change(self, day: int, seq: int, points: int) -> None:
        self.lots[seq].left += points
        self.happened.append((day, seq, points))

    def left_on(self, day: int) -> dict[int, int]:
        """What was left of each lot that there was, as far as it is known now."""
        left: Counter[int] = Counter()
        for when, seq, points in self.happened:
            if when <= day:
                left[seq] += points
        return {seq: left[seq] for seq, lot in self.lots.items() if lot.earned <= day}

    def owed_on(self, day: int) -> Counter[str]:
        owed: Counter[str] = Counter()
        for when, wallet, points in self.debts:
            if when <= day:
                owed[wallet] += points
        return +owed

    def next_to_burn(self, wallet: str, today: int, beside: Counter[int] | None = None) -> int | None:
        """The lot whose point goes next; `beside` are points already chosen."""
        chosen = beside or Counter()
        usable = [
            (lot.expires, lot.earned, seq)
            for seq, lot in self.lots.items()
            if lot.wallet == wallet and not lot.pending and today < lot.expires and lot.left > chosen[seq]
        ]
        return min(usable)[2] if usable else None

    def available(self, wallet: str, today: int) -> int:
        return sum(
            lot.left
            for lot in self.lots.values()
            if lot.wallet == wallet and not lot.pending and lot.active <= today < lot.expires
        )

    def burn(self, wallet: str, points: int, today: int) -> Counter[int]:
        """Points spent or adjusted away, each from the lot that goes next."""
        taken: Counter[int] = Counter()
        for _ in range(points):
            seq = self.next_to_burn(wallet, today)
            assert seq is not None
            self.change(today, seq, -1)
            taken[seq] += 1
        return taken

    def repay(self, wallet: str) -> None:
        while self.owed[wallet]:
            since = self.since[wallet]
            usable = [
                (lot.expires, lot.earned, seq)
                for seq, lot in self.lots.items()
                if lot.wallet == wallet and not lot.pending and lot.left and max(lot.active, since) < lot.expires
            ]
            if not usable:
                return
            seq = min(usable)[2]
            day = max(self.lots[seq].active, since)
            self.change(day, seq, -1)
            self.owe(day, wallet, -1)

    def owe(self, day: int, wallet: str, points: int) -> None:
        if points > 0:
            self.since[wallet] = max(day, self.since.get(wallet, day))
        self.owed[wallet] += points
        self.debts.append((day, wallet, points))
        if not self.owed[wallet]:
            del self.since[wallet]

    def activate(self, seq: int, day: int, expires: int | None = None) -> None:
        lot = self.lots[seq]
        lot.pending, lot.active = False, day
        if expires is not None:
            lot.expires = expires

    def live_until(self, today: int) -> None:
        """Day by day: what becomes active, what that repays, what lapses."""
        days = {day for lot in self.lots.values() for day in (lot.active, lot.expires) if day <= today}
        for day in sorted(days):
            woken = [seq for seq, lot in self.lots.items() if lot.pending and lot.left and lot.active == day]
            for seq in woken:
                self.activate(seq, day)
            for wallet in {self.lots[seq].wallet for seq in woken}:
                self.repay(wallet)
            for seq, lot in self.lots.items():
                if lot.left and lot.expires == day:
                    lot.lapsed += lot.left
                    self.change(day, seq, -lot.left)

    def take_back(
        self, wallet: str, points: int, credits: list[int], day: int, today: int, policy: str, lapsed: int
    ) -> tuple[int, int]:
        """Return what could not be had and what of it had lapsed."""
        found: dict[tuple[str, int], Counter[int]] = {}
        chosen: Counter[int] = Counter()
        missing = gone = 0
        for _ in range(points):
            credit = next(seq for seq in credits if self.lots[seq].taken_back < self.lots[seq].amount)
            mine = [
                s for s in credits if self.lots[s].left > chosen[s] and self.lots[s].taken_back < self.lots[s].amount
            ]
            pending = [seq for seq in mine if self.lots[seq].pending]
            active = [seq for seq in mine if not self.lots[seq].pending]
            other = self.next_to_burn(wallet, max(day, today), chosen)
            if pending:
                account, credit, seq = "pending", pending[0], pending[0]
            elif policy == "pending_only":
                missing += 1
                continue
            elif active:
                account, credit, seq = "active", active[0], active[0]
            elif gone < lapsed:
                gone += 1
                continue
            elif other is not None:
                account, seq = "active", other
            elif policy == "debt":
                self.lots[credit].taken_back += 1
                self.owe(day, wallet, 1)
                continue
            else:
                missing += 1
                continue
            self.lots[credit].taken_back += 1
            chosen[seq] += 1
            found.setdefault((account, credit), Counter())[seq] += 1
        for (account, _), parts in found.items():
            lots = [self.lots[seq] for seq in parts]
            if account == "pending":
                counts_from = max(lots[0].earned, min(day, lots[0].active))
            else:
                counts_from = max([day, *(lot.active for lot in lots)])
            for seq, part in parts.items():
                self.change(counts_from, seq, -part)
        return missing, gone
