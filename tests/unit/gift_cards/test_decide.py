"""Gift cards against a naive model: whatever is asked, money goes somewhere and none is made."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from libs.gift_cards import decide
from libs.gift_cards.decide import Done, No, Request
from libs.gift_cards.jurisdictions import Law, newest
from libs.gift_cards.model import CARD, Entry, GiftCard, replay

BEGAN = datetime(2024, 3, 1, tzinfo=UTC)
AMOUNTS = st.integers(1, 5_000)
WHICH = st.integers(0, 2)


def law(code: str) -> Law:
    found = newest().of(code, BEGAN.date())
    assert found is not None
    return found


class Wallets(RuleBasedStateMachine):
    """Three cards, of which the model knows a number each and what left them to where."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGAN
        self.cards: list[GiftCard] = []
        self.entries: list[list[Entry]] = []
        self.left: list[int] = []
        self.outside: Counter[str] = Counter()
        self.causes = 0

    def asked(self) -> Request:
        self.causes += 1
        return Request(UUID(int=self.causes), self.now)

    def keep(self, at: int, made: Done) -> None:
        self.cards[at] = made.card
        self.entries[at].append(made.entry)

    @initialize(amounts=st.lists(AMOUNTS, min_size=3, max_size=3))
    def sell(self, amounts: list[int]) -> None:
        for at, amount in enumerate(amounts):
            ends = BEGAN + timedelta(days=10) if at == 2 else None
            empty = GiftCard(UUID(int=at), "EUR", ("none", 1), BEGAN, expires_at=ends)
            made = decide.issue(empty, law("none"), amount, self.asked(), paid=at == 0)
            assert isinstance(made, Done)
            self.cards.append(empty)
            self.entries.append([])
            self.left.append(amount)
            self.outside["sold" if at == 0 else "granted"] -= amount
            self.keep(at, made)

    def usable(self, at: int) -> bool:
        return at != 2 or self.now < BEGAN + timedelta(days=10)

    @rule(at=WHICH, amount=AMOUNTS)
    def pay(self, at: int, amount: int) -> None:
        made = decide.use(self.cards[at], amount, self.asked())
        assert isinstance(made, Done) == (self.usable(at) and amount <= self.left[at])
        if isinstance(made, Done):
            self.keep(at, made)
            self.left[at] -= amount
            self.outside["spent"] += amount

    @rule(at=WHICH, amount=AMOUNTS, which=st.integers(0, 20))
    def give_back(self, at: int, amount: int, which: int) -> None:
        entry = self.entries[at][which % len(self.entries[at])]
        back = sum(each.amount_minor for each in self.entries[at] if each.of_seq == entry.seq)
        made = decide.refund(self.cards[at], entry, back, amount, self.asked())
        assert isinstance(made, Done) == (entry.kind == "use" and amount + back <= entry.amount_minor)
        if isinstance(made, Done):
            self.keep(at, made)
            self.left[at] += amount
            self.outside["spent"] -= amount

    @rule(at=WHICH, amount=AMOUNTS)
    def add(self, at: int, amount: int) -> None:
        made = decide.top_up(self.cards[at], law("none"), amount, self.asked(), paid=True)
        assert isinstance(made, Done) == self.usable(at)
        if isinstance(made, Done):
            self.keep(at, made)
            self.left[at] += amount
            self.outside["sold"] -= amount

    @rule(at=WHICH, to=WHICH, amount=AMOUNTS)
    def move(self, at: int, to: int, amount: int) -> None:
        made = decide.transfer(self.cards[at], self.cards[to], amount, self.asked())
        allowed = at != to and self.usable(at) and self.usable(to) and amount <= self.left[at] and at != 2
        assert isinstance(made, No) != allowed
        if not isinstance(made, No):
            self.keep(at, made[0])
            self.keep(to, made[1])
            self.left[at] -= amount
            self.left[to] += amount

    @rule(at=WHICH)
    def pay_out(self, at: int) -> None:
        made = decide.cash_out(self.cards[at], law("none"), self.asked(), goodwill=at == 1)
        assert isinstance(made, Done) == (at == 1 and self.left[at] > 0)
        if isinstance(made, Done):
            self.keep(at, made)
            self.outside["cashed_out"] += self.left[at]
            self.left[at] = 0

    @rule(days=st.integers(1, 6))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(at=WHICH)
    def lapse(self, at: int) -> None:
        made = decide.expire(self.cards[at], self.asked())
        assert (made is not None) == (not self.usable(at) and self.left[at] > 0)
        if made is not None:
            self.keep(at, made)
            self.outside["expired"] += self.left[at]
            self.left[at] = 0

    @invariant()
    def money_is_kept(self) -> None:
        assert [card.balance_minor for card in self.cards] == self.left
        flows: Counter[str] = Counter()
        for at, entries in enumerate(self.entries):
            empty = GiftCard(UUID(int=at), "EUR", ("none", 1), BEGAN)
            assert replay(empty, entries).balance_minor == self.left[at]
            for entry in entries:
                flows[entry.source] -= entry.amount_minor
                flows[entry.target] += entry.amount_minor
        assert flows.pop(CARD, 0) == sum(self.left)
        assert flows.pop("transferred", 0) == 0
        assert +flows == +self.outside
        assert -flows == -self.outside
        assert sum(self.outside.values()) + sum(self.left) == 0


Wallets.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestWallets = Wallets.TestCase
