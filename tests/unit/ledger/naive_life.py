"""A member's points as a plain dict of lots that every question searches from end to end, one point at a time.

Times are whole days. What it does to lots is also written down, to tell the past: the day that it counts from, and what
is left and held of each lot then.
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
    held: int = 0
    lapsed: int = 0
    taken_back: int = 0

    @property
    def free(self) -> int:
        return self.left - self.held


@dataclass
class NaiveLife:
    """The lots by number, what is owed by wallet and since when, and what has happened to lots."""

    lots: dict[int, NaiveLot] = field(default_factory=dict)
    owed: Counter[str] = field(default_factory=Counter)
    since: dict[str, int] = field(default_factory=dict)
    happened: list[tuple[int, list[tuple[int, int, int]]]] = field(default_factory=list)
    debts: list[tuple[int, str, int]] = field(default_factory=list)

    def add(self, seq: int, lot: NaiveLot) -> None:
        self.lots[seq] = lot
        self.change(lot.earned, seq, lot.amount)

    def change(self, day: int, seq: int, points: int, held: int = 0) -> None:
        self.change_all(day, [(seq, points, held)])

    def change_all(self, day: int, changes: list[tuple[int, int, int]]) -> None:
        for seq, points, held in changes:
            self.lots[seq].left += points
            self.lots[seq].held += held
        self.happened.append((day, changes))

    def left_on(self, day: int) -> dict[int, int]:
        """What was left of each lot that there was, as far as it is known now; nothing takes what was not free then."""
        left: Counter[int] = Counter()
        free: Counter[int] = Counter()
        for when, changes in self.happened:
            if when <= day and all(free[seq] + points - held >= 0 for seq, points, held in changes):
                for seq, points, held in changes:
                    left[seq] += points
                    free[seq] += points - held
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
            if lot.wallet == wallet and not lot.pending and today < lot.expires and lot.free > chosen[seq]
        ]
        return min(usable)[2] if usable else None

    def available(self, wallet: str, today: int) -> int:
        return sum(
            lot.free
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

    def hold(self, wallet: str, points: int, today: int) -> Counter[int]:
        """Points reserved, each from the lot that goes next."""
        taken: Counter[int] = Counter()
        for _ in range(points):
            seq = self.next_to_burn(wallet, today)
            assert seq is not None
            self.change(today, seq, 0, 1)
            taken[seq] += 1
        return taken

    def end_hold(self, wallet: str, held: dict[int, int], spent: int, today: int) -> dict[int, int]:
        """So many of the points held are spent and the others free again; gives what was spent of each lot."""
        gone: Counter[int] = Counter()
        for seq, points in held.items():
            for _ in range(points):
                used = sum(gone.values()) < spent
                self.change(today, seq, -1 if used else 0, -1)
                gone[seq] += used
        self.come_back(wallet, [seq for seq in held if held[seq] > gone[seq]], today)
        return dict(+gone)

    def restore(self, wallet: str, spent: dict[int, int], points: int, today: int, until: int | None) -> Counter[int]:
        """What was spent last comes back first, to live `until` where it has lapsed, if there is such a day."""
        back: Counter[int] = Counter()
        for seq in reversed(spent):
            for _ in range(spent[seq]):
                if sum(back.values()) < points:
                    self.change(today, seq, 1)
                    back[seq] += 1
        for seq in back:
            if until is not None and self.lots[seq].expires <= today:
                self.lots[seq].expires = until
        self.come_back(wallet, list(back), today)
        return back

    def come_back(self, wallet: str, lots: list[int], today: int) -> None:
        for seq in lots:
            lot = self.lots[seq]
            if lot.expires <= today and lot.free:
                lot.lapsed += lot.free
                self.change(today, seq, -lot.free)
        self.repay(wallet, today)

    def repay(self, wallet: str, not_before: int = 0) -> None:
        while self.owed[wallet]:
            since = max(self.since[wallet], not_before)
            usable = [
                (lot.expires, lot.earned, seq)
                for seq, lot in self.lots.items()
                if lot.wallet == wallet and not lot.pending and lot.free and max(lot.active, since) < lot.expires
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
                if lot.free and lot.expires == day:
                    lot.lapsed += lot.free
                    self.change(day, seq, -lot.free)

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
                s for s in credits if self.lots[s].free > chosen[s] and self.lots[s].taken_back < self.lots[s].amount
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
            self.change_all(counts_from, [(seq, -part, 0) for seq, part in parts.items()])
        return missing, gone
