"""Redemptions, orders with their stock, codes and gift cards by plain rules, over the points of `plain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tests.support.plain_points import HOLD, Part, Points

CANCEL_DAYS = timedelta(days=14)
WAY = {
    "ordered": ("approved", "failed"),
    "approved": ("shipped", "failed"),
    "shipped": ("delivered", "returned", "failed"),
    "delivered": ("returned",),
    "issued": ("used",),
}
"""What may follow on each state of an order: of things that are brought, and of what is usable at once."""
OVER = ("released", "expired")


@dataclass(eq=False)
class Order:
    """Pieces of a reward: how many were given up, and how many of those are in stock again."""

    reward: str
    pieces: int
    state: str
    at: datetime
    gone: int = 0
    restocked: int = 0
    codes: list[Code] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many pieces were not given up."""
        return self.pieces - self.gone


@dataclass(eq=False)
class Spent:
    """A redemption: the points of each lot in the order in which they were taken, less what came back."""

    who: int
    state: str
    parts: list[Part]
    until: datetime | None = None
    extended: bool = False
    order: Order | None = None
    bill: int = 0
    bill_back: int = 0
    final: bool = False
    left: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = list(self.parts)

    @property
    def points(self) -> int:
        """How many it took."""
        return sum(part for _, part in self.parts)

    @property
    def standing(self) -> int:
        """How many of them did not come back."""
        return sum(part for _, part in self.left)


@dataclass
class Till:
    """Redemptions of everybody."""

    points: Points
    spent: dict[str, Spent] = field(default_factory=dict)

    def begin(
        self, key: str, who: int, points: int, *, hold: bool, order: Order | None = None, bill: int = 0,
        there: list[Part] | None = None,
    ) -> None:  # fmt: skip
        """Hold points, or redeem them: a member's own, or those that are there."""
        purses = self.points
        parts = purses.hold(who, points, there) if hold else purses.spend(who, points, there=there)
        until = purses.now + HOLD if hold else None
        self.spent[key] = Spent(who, "held" if hold else "redeemed", parts, until, order=order, bill=bill)

    def may_commit(self, one: Spent) -> bool:
        """Whether a hold is still good."""
        return one.state == "held" and one.until is not None and one.until > self.points.now

    def extend(self, one: Spent) -> None:
        """Put the end of a hold off."""
        one.until, one.extended = self.points.now + HOLD, True

    def commit(self, one: Spent, points: int) -> None:
        """Redeem so many of what is held, first those that were held first."""
        taken, rest = _split(one.parts, points)
        self.points.spend_held(taken)
        self._home(one, rest)
        self.points.free(rest)
        one.state, one.parts, one.left = "redeemed", taken, list(taken)

    def release(self, one: Spent, state: str = "released") -> None:
        """Let go what is held."""
        self._home(one, one.parts)
        self.points.free(one.parts)
        one.state = state
        if one.order is not None:
            one.order.state = state

    def give_back(self, one: Spent, points: int, *, mercy: bool) -> None:
        """Give back so many of what was redeemed, first those that were taken last."""
        back, left = _split(one.left[::-1], points)
        one.left = left[::-1]
        self._home(one, back)
        self.points.restore(back, mercy=mercy)
        if not one.left:
            one.state = "cancelled"

    def has(self, *, orders: bool) -> bool:
        """Whether there is any, for a reward or for none."""
        return any((one.order is not None) is orders for one in self.spent.values())

    def _home(self, one: Spent, parts: list[Part]) -> None:
        """What comes back to others, nobody has of them any more."""
        for lot, part in parts:
            lot.first.others -= part * (lot.who != one.who)

    def over(self) -> list[Spent]:
        """Holds whose time is over, the oldest first."""
        held = [one for one in self.spent.values() if one.state == "held" and one.until is not None]
        return sorted((one for one in held if one.until <= self.points.now), key=lambda one: one.until)  # type: ignore[arg-type,operator,return-value]  # held ones have a time

    def orders(self, reward: str) -> list[Order]:
        """Orders of a reward that were made or are held."""
        found = [one.order for one in self.spent.values() if one.order is not None and one.order.reward == reward]
        return [order for order in found if order.state not in OVER]

    def had(self, who: int, reward: str) -> int:
        """How many pieces of a reward a member has, those of members included who are this one now."""
        theirs = [one for one in self.spent.values() if self.points.who(one.who) == who]
        mine = [one.order for one in theirs if one.order is not None]
        return sum(order.kept for order in mine if order.reward == reward and order.state not in OVER)

    def stock(self, reward: str, whole: int) -> tuple[int, int, int]:
        """Of so many pieces: those that are free, those that are reserved, and how many count for the common limit."""
        orders = self.orders(reward)
        reserved = sum(order.pieces for order in orders if order.state == "held")
        taken = sum(order.pieces - order.restocked for order in orders if order.state != "held")
        return whole - reserved - taken, reserved, sum(order.kept for order in orders)


@dataclass(eq=False)
class Code:
    """A code; `uses` has whose redemptions of it stand, by their names; `out` once it can't be handed out any more."""

    code_id: UUID
    pool: Pool
    uses: dict[str, int | None] = field(default_factory=dict)
    void: bool = False
    out: bool = False

    def fits(self, who: int | None, kin: Collection[int] = ()) -> bool:
        """Whether it can be redeemed once more; what `kin` did counts for the member too."""
        most = self.pool.per_member
        if most is not None and (who is None or self.pool.used_by({who, *kin}) >= most):
            return False
        return not self.void and len(self.uses) < self.pool.most

    def use(self, name: str, who: int | None) -> None:
        """Redeem it."""
        self.uses[name], self.out = who, True


@dataclass(eq=False)
class Pool:
    """Codes that are each redeemed so often at most, and so often by one member."""

    name: str
    most: int
    per_member: int | None
    codes: list[Code] = field(default_factory=list)

    def used_by(self, whose: Collection[int]) -> int:
        """How many redemptions of some members stand."""
        return sum(who in whose for code in self.codes for who in code.uses.values())

    def left(self) -> int:
        """How many can be handed out."""
        return sum(not code.out and not code.void for code in self.codes)


@dataclass(eq=False)
class Card:
    """A gift card; `paid` has what each payment took, `back` what of it came back."""

    card_id: UUID
    balance: int
    ends: datetime | None
    blocked: bool = False
    paid: dict[int, int] = field(default_factory=dict)
    back: Counter[int] = field(default_factory=Counter)


@dataclass
class Cards:
    """Money on cards, and sums of what came and went."""

    cards: list[Card] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)

    def move(self, card: Card, minor: int, account: str) -> None:
        """Put money on a card from an account outside, or with a minus the other way."""
        card.balance += minor
        self.sums[account] += minor

    def lapse(self, now: datetime) -> None:
        """What is left on cards is gone whose date has come."""
        for card in self.cards:
            if card.ends is not None and card.ends <= now and card.balance:
                self.move(card, -card.balance, "expired")

    def usable(self, card: Card, now: datetime) -> bool:
        """Whether anything can be done with it."""
        return not card.blocked and (card.ends is None or card.ends > now)

    def in_balance(self) -> bool:
        """Whether every cent that came is on a card or went."""
        return sum(card.balance for card in self.cards) == self.sums.total()


def _split(parts: list[Part], points: int) -> tuple[list[Part], list[Part]]:
    first, rest = [], []
    for lot, part in parts:
        taken = min(part, points)
        points -= taken
        if taken:
            first.append((lot, taken))
        if part - taken:
            rest.append((lot, part - taken))
    return first, rest
