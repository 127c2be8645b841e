"""What may happen to carts: set aside together, let go, bought with their receipt, given back with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import orjson
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from libs.codes.rules import Order
from libs.contracts.carts import CartCard, CartCode, CartPoints
from libs.runtime.keys import receipt_key
from services.redemption.carts.desk import GRACE
from tests.integration.redemption.machine_points import SOME, WHO
from tests.integration.redemption.machine_values import CENTS, ValueRules
from tests.integration.redemption.stores import SCOPE, Stores
from tests.support.plain_points import HOLD
from tests.support.plain_values import Card, Code, Spent
from tests.support.receipts import purchase

PARTS = st.integers(0, 3)


@dataclass(eq=False)
class Cart:
    """A cart: what is set aside for it, and what of that it has; `cents` are those that a card pays."""

    key: str
    number: str
    cart_id: UUID
    token: str
    who: int
    total: int
    until: datetime
    code: Code | None
    card: Card | None
    cents: int
    points: int
    state: str = "held"
    has_code: bool = True
    has_card: bool = True
    spent: Spent | None = None
    back: int = 0


class CartRules(ValueRules):
    """Codes, points and gift cards for one receipt."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self.carts: list[Cart] = []

    @rule(who=WHO, total=CENTS, parts=PARTS, some=SOME, cents=CENTS, points=st.integers(0, 60))
    def set_aside(self, who: int, total: int, parts: int, some: int, cents: int, points: int) -> None:
        if self.merged(who):
            return
        self.wait(self.now + timedelta(seconds=1), look=False)
        key, number = self.name(), self.name()
        code = self.some_code(some) if parts & 1 else None
        card = self.some_card(some) if parts & 2 and self.cards.cards else None
        points = min(points, total)
        answer = self.stores.cart("hold", key, **self.wanted(who, number, total, code, card, cents, points))
        takes = [code is None or code.fits(who, self.points.kin(who))]
        takes += [card is None or (self.cards.usable(card, self.now) and cents <= card.balance)]
        takes += [not points or self.points.spendable(who) >= points]
        assert (answer.refused is None) == all(takes), answer
        if code is not None and takes[0]:
            code.out = True
        if not all(takes):
            return
        told = orjson.loads(bytes(answer.body))
        cart = Cart(
            key, number, UUID(told["cart_id"]), told["token"], who, total, self.now + HOLD, code, card, cents, points
        )
        self.carts.append(cart)
        self.have(cart, late=False)

    def wanted(
        self, who: int, number: str, total: int, code: Code | None, card: Card | None, cents: int, points: int
    ) -> dict[str, Any]:
        """A cart as it is asked for."""
        return {
            **self.whose(who),
            "receipt_key": receipt_key(*SCOPE, "1", number),
            "receipt_number": number,
            "store": "1",
            "currency": "EUR",
            "total_minor": total,
            "order": Order(total, "EUR", "1"),
            "codes": () if code is None else (CartCode(code.code_id, code.pool.name, 0),),
            "cards": () if card is None else (CartCard(card.card_id, cents),),
            "points": CartPoints(points, points, total) if points else None,
            "told": msgspec.Raw(b"{}"),
        }

    def have(self, cart: Cart, *, late: bool) -> None:
        """Take what can be had of a cart: held, or at once when its receipt came late."""
        whose = self.points.who(cart.who)
        kin = self.points.kin(whose)
        cart.has_code = cart.code is not None and cart.code.fits(cart.who, kin)
        if cart.has_code and cart.code is not None:
            cart.code.use(f"cart {cart.key}", cart.who)
        card = cart.card
        cart.has_card = card is not None and self.cards.usable(card, self.now) and cart.cents <= card.balance
        if cart.has_card and card is not None:
            self.cards.move(card, -cart.cents, "spent")
        cart.spent = None
        if cart.points and self.points.spendable(whose) >= cart.points:
            name = f"{'late' if late else 'hold'} {cart.key}"
            self.till.begin(name, whose, cart.points, hold=not late, bill=cart.total)
            cart.spent = self.till.spent[name]
            cart.spent.final = True  # nobody but the cart goes on with it here

    def let_go(self, cart: Cart, state: str) -> None:
        """Give all back that was set aside."""
        cart.state = state
        if cart.has_code and cart.code is not None:
            del cart.code.uses[f"cart {cart.key}"]
        if cart.has_card and cart.card is not None:
            self.cards.move(cart.card, cart.cents, "spent")
        if cart.spent is not None and cart.spent.state == "held":
            self.till.release(cart.spent)

    def let_carts_go(self) -> None:
        for cart in self.carts:
            if cart.state == "held" and cart.until + GRACE <= self.now:
                self.let_go(cart, "expired")

    @precondition(lambda self: self.carts)
    @rule(some=SOME)
    def let_a_cart_go(self, some: int) -> None:
        cart = self.carts[some % len(self.carts)]
        answer = self.stores.cart("release", self.name(), cart_id=cart.cart_id)
        assert (answer.refused is None) == (cart.state in ("held", "released")), answer
        if cart.state == "held":
            self.let_go(cart, "released")

    @precondition(lambda self: self.carts)
    @rule(some=SOME)
    def buy_a_cart(self, some: int) -> None:
        """Its receipt comes, in time or late: what is still held is redeemed, what ran out is had again if it can be.

        A cart that was let go is bought by nobody; its receipt counts without it.
        """
        left = [cart for cart in self.carts if cart.number not in self.points.receipts]
        if not left:
            return
        self.look()
        cart = left[some % len(left)]
        card = f"{self.run}-{cart.who}"
        self.stores.tell(purchase(cart.number, cart.total, card=card, time=self.now, cart=cart.token))
        self.points.buy(cart.number, cart.who, cart.total)
        match cart.state:
            case "held":
                self.commit(cart)
            case "expired":
                self.have(cart, late=True)
            case "released":
                return
        cart.state = "bought"

    def commit(self, cart: Cart) -> None:
        """Redeem the points that are held, or others where these are free again."""
        if cart.spent is None:
            return
        if not self.merged(cart.who) and self.till.may_commit(cart.spent):
            self.till.commit(cart.spent, cart.points)
            return
        cart.spent, whose = None, self.points.who(cart.who)
        if self.points.spendable(whose) >= cart.points:
            name = f"late {cart.key}"
            self.till.begin(name, whose, cart.points, hold=False, bill=cart.total)
            cart.spent = self.till.spent[name]
            cart.spent.final = True

    def came_back(self, number: str) -> None:
        """With a part of the receipt its share of money and points comes back, with the last of it the code."""
        cart = next((cart for cart in self.carts if cart.number == number and cart.state == "bought"), None)
        if cart is None:
            return
        before, cart.back = cart.back, self.points.receipts[number].back
        if cart.spent is not None and cart.spent.state == "redeemed":
            share = cart.points * cart.back // cart.total - cart.points * cart.spent.bill_back // cart.total
            cart.spent.bill_back = cart.back
            if share:
                self.till.give_back(cart.spent, share, mercy=False)
        if cart.has_card and cart.card is not None:
            self.cards.move(
                cart.card, cart.cents * cart.back // cart.total - cart.cents * before // cart.total, "spent"
            )
        if cart.back == cart.total:
            cart.state = "returned"
            if cart.has_code and cart.code is not None:
                del cart.code.uses[f"cart {cart.key}"]
