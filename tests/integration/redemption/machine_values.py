"""What may happen to rewards, codes and gift cards, each time to the stores and to the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from libs.codes.rules import PoolRules
from libs.contracts.orders import OrderAsk
from tests.integration.redemption.machine_points import SOME, WHO, PointRules
from tests.integration.redemption.stores import CARDS, CODES, SCOPE, STOCK, Stores
from tests.support.plain_values import CANCEL_DAYS, WAY, Card, Code, Order, Pool

PRICES = {"mug": 30, "voucher": 20}
STOCK_OF_MUGS, MUGS_A_MEMBER, MUGS_IN_TOTAL = 6, 4, 7
TEXTS = {"en": {"title": "A present"}}
CENTS = st.integers(1, 2_000)


class ValueRules(PointRules):
    """Further things to have, in a catalogue and pools of their own."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self.mug, self.voucher = f"mug-{self.run}", f"voucher-{self.run}"
        shared = {"category": "home", "texts": TEXTS}
        mug = shared | {
            "reference": self.mug, "what": {"kind": "merchandise", "article": "A1"}, "stock": "global",
            "per_member": [{"most": MUGS_A_MEMBER, "per": "ever"}], "in_total": {"most": MUGS_IN_TOTAL, "per": "ever"},
            "prices": [{"name": "standard", "points": PRICES["mug"]}],
        }  # fmt: skip
        voucher = shared | {
            "reference": self.voucher, "what": {"kind": "discount", "percent": 10}, "codes": f"gift-{self.run}",
            "prices": [{"name": "standard", "points": PRICES["voucher"]}],
        }  # fmt: skip
        stores.reward(mug, STOCK_OF_MUGS)
        stores.reward(voucher, None)
        for name, many, rules in (("spring", 3, PoolRules(uses=2, per_member=3)), ("gift", 6, PoolRules())):
            pool = Pool(f"{name}-{self.run}", rules.uses or 0, rules.per_member)
            ids = stores.pool(pool.name, rules, many)
            pool.codes += [Code(code_id, pool) for code_id in ids]
            self.pools[name] = pool
        self.uses: dict[str, Code] = {}

    # Orders of rewards.

    @rule(who=WHO, reward=st.sampled_from(["mug", "voucher"]), pieces=st.integers(1, 2), hold=st.booleans())
    def order(self, who: int, reward: str, pieces: int, hold: bool) -> None:
        key, operation = self.name(), "hold" if hold else "redeem"
        self.wait(self.now + timedelta(seconds=1), look=False)
        fits = not self.merged(who) and self.points.spendable(who) >= pieces * PRICES[reward]
        fits = fits and self.there_are(who, reward, pieces, hold=hold)
        answers = {"pick_up_at": "12"} if reward == "mug" else {}
        asked = OrderAsk(self.reference(reward), pieces, answers=answers)
        answer = self.spend(operation, key, fits=fits, **self.whose(who), order=asked)
        if fits:
            made = Order(reward, pieces, "held" if hold else _first(reward), self.now)
            self.till.begin(f"{operation} {key}", who, pieces * PRICES[reward], hold=hold, order=made)
            self.issued(made, answer)

    def there_are(self, who: int, reward: str, pieces: int, *, hold: bool) -> bool:
        """Whether there are so many pieces, and may be for this member."""
        if reward == "voucher":
            return hold or self.pools["gift"].left() >= pieces
        free, _, used = self.till.stock("mug", STOCK_OF_MUGS)
        had = self.till.had(who, "mug")
        return free >= pieces and had + pieces <= MUGS_A_MEMBER and used + pieces <= MUGS_IN_TOTAL

    def reference(self, reward: str) -> str:
        return self.mug if reward == "mug" else self.voucher

    def issued(self, order: Order, answer: Any) -> None:
        """Codes that came with an order are handed out, each once."""
        if order.reward == "mug" or order.state == "held":
            return
        ids = [UUID(each["code_id"]) for each in orjson.loads(bytes(answer.body))["order"]["usable"]]
        codes = {code.code_id: code for code in self.pools["gift"].codes}
        order.codes = [codes[code_id] for code_id in ids]
        assert len(set(ids)) == order.pieces
        assert not any(code.out or code.void for code in order.codes)
        for code in order.codes:
            code.out = True

    @precondition(lambda self: self.till.has(orders=True))
    @rule(some=SOME, operation=st.sampled_from(["extend", "commit", "release"]))
    def go_on_with_an_order(self, some: int, operation: str) -> None:
        found = self.some(some, "held", orders=True)
        if found is None:
            return
        redemption_id, one = found
        order = one.order
        assert order is not None
        fits = self.may(operation, one)
        if operation == "commit" and order.reward == "voucher":
            fits = fits and self.pools["gift"].left() >= order.pieces
        answer = self.spend(operation, self.name(), fits=fits, redemption_id=redemption_id)
        if fits:
            self.went_on(operation, one, one.points)
            if operation == "commit":
                order.state, order.at = _first(order.reward), self.now
                self.issued(order, answer)

    @precondition(lambda self: self.till.has(orders=True))
    @rule(some=SOME, pieces=st.none() | st.integers(1, 2), by=st.sampled_from(["member", "operator"]))
    def give_an_order_up(self, some: int, pieces: int | None, by: str) -> None:
        found = self.some(some, "redeemed", orders=True)
        if found is None:
            return
        redemption_id, one = found
        order = one.order
        assert order is not None
        wanted = order.kept if pieces is None else pieces
        fits = order.state in {*WAY, "delivered", "used"} and wanted <= order.kept
        unused = sorted((code for code in order.codes if not code.void and not code.uses), key=lambda c: c.code_id)
        if by == "member":
            fits = fits and order.state in ("ordered", "approved", "issued") and self.now < order.at + CANCEL_DAYS
            fits = fits and (order.reward == "mug" or len(unused) >= wanted)
        ask = OrderAsk(quantity=pieces)
        self.spend("cancel", self.name(), fits=fits, redemption_id=redemption_id, by=by, order=ask)
        if fits:
            for code in unused[-wanted:]:
                code.void = True
            order.gone += wanted
            order.restocked += wanted if order.reward == "mug" else 0
            if not order.kept:
                order.state = "cancelled"
            self.till.give_back(one, wanted * PRICES[order.reward], mercy=by != "member")

    @precondition(lambda self: self.till.has(orders=True))
    @rule(some=SOME, state=st.sampled_from(["approved", "shipped", "delivered", "returned", "failed", "used"]))
    def bring_an_order_on(self, some: int, state: str) -> None:
        found = self.some(some, "redeemed", orders=True)
        if found is None:
            return
        redemption_id, one = found
        order = one.order
        assert order is not None
        same = order.state == state
        fits = same or state in WAY.get(order.state, ())
        ask = OrderAsk(state=state)
        self.spend("advance", self.name(), fits=fits, redemption_id=redemption_id, by="operator", order=ask)
        if fits and not same:
            order.state = state
            if state in ("returned", "failed"):
                back = order.kept
                order.gone += back
                order.restocked += back if state == "returned" else 0
                self.till.give_back(one, back * PRICES[order.reward], mercy=True)

    # Codes.

    def some_code(self, some: int) -> Code:
        codes = [code for pool in self.pools.values() for code in pool.codes]
        return codes[some % len(codes)]

    @rule(some=SOME, who=st.none() | WHO)
    def use_a_code(self, some: int, who: int | None) -> None:
        key, code = self.name(), self.some_code(some)
        fits = code.fits(who, self.points.kin(who)) and (who is None or not self.merged(who))
        told = {} if who is None else self.whose(who)
        self.value(self.stores.code("redeem", key, code_id=code.code_id, **told), fits)
        if fits:
            self.uses[key] = code
            code.use(key, who)

    @precondition(lambda self: self.uses)
    @rule(some=SOME)
    def give_a_code_back(self, some: int) -> None:
        """A redemption is undone once, however often that is asked for."""
        key = list(self.uses)[some % len(self.uses)]
        self.value(self.stores.code("return", self.name(), use_id=self.known(key, "code-redeem")), fits=True)
        self.uses[key].uses.pop(key, None)

    @rule(some=SOME)
    def make_a_code_void(self, some: int) -> None:
        code = self.some_code(some)
        fits = code.void or len(code.uses) < code.pool.most
        self.value(self.stores.code("void", self.name(), code_id=code.code_id), fits)
        code.void = code.void or fits

    def value(self, answer: Any, fits: bool) -> Any:
        """Hold an answer about a code or a card against what the model says."""
        assert (answer.refused is None) == fits, answer
        if fits:
            self.asked.append(self.stores.last)
        return orjson.loads(bytes(answer.body)) if fits else None

    # Gift cards.

    @rule(cents=CENTS, days=st.none() | st.integers(1, 60), paid=st.booleans())
    def issue_a_card(self, cents: int, days: int | None, paid: bool) -> None:
        ends = None if days is None else self.now + timedelta(days=days)
        asked = {"programme_id": SCOPE[1], "amount_minor": cents, "currency": "EUR", "expires_at": ends, "paid": paid}
        told = self.value(self.stores.card("issue", self.name(), **asked), fits=True)
        card = Card(UUID(told["card_id"]), 0, ends)
        self.cards.cards.append(card)
        self.cards.move(card, cents, "sold" if paid else "granted")

    def some_card(self, some: int) -> Card:
        return self.cards.cards[some % len(self.cards.cards)]

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME, cents=CENTS)
    def pay_with_a_card(self, some: int, cents: int) -> None:
        card = self.some_card(some)
        fits = self.cards.usable(card, self.now) and cents <= card.balance
        told = self.value(self.stores.card("use", self.name(), card_id=card.card_id, amount_minor=cents), fits)
        if fits:
            card.paid[told["entry"]["seq"]] = cents
            self.cards.move(card, -cents, "spent")

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME, which=SOME, cents=st.none() | CENTS)
    def put_back_on_a_card(self, some: int, which: int, cents: int | None) -> None:
        card = self.some_card(some)
        if not card.paid:
            return
        seq = sorted(card.paid)[which % len(card.paid)]
        left = card.paid[seq] - card.back[seq]
        wanted = left if cents is None else cents
        fits = 0 < wanted <= left
        asked = {"card_id": card.card_id, "of_seq": seq, "amount_minor": cents}
        self.value(self.stores.card("refund", self.name(), **asked), fits)
        if fits:
            card.back[seq] += wanted
            self.cards.move(card, wanted, "spent")

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME, cents=CENTS)
    def top_a_card_up(self, some: int, cents: int) -> None:
        card = self.some_card(some)
        fits = self.cards.usable(card, self.now)
        self.value(self.stores.card("top_up", self.name(), card_id=card.card_id, amount_minor=cents), fits)
        if fits:
            self.cards.move(card, cents, "sold")

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME, other=SOME, cents=CENTS)
    def move_between_cards(self, some: int, other: int, cents: int) -> None:
        card, whom = self.some_card(some), self.some_card(other)
        fits = card is not whom and self.cards.usable(card, self.now) and self.cards.usable(whom, self.now)
        fits = fits and cents <= card.balance
        fits = fits and (card.ends is None or (whom.ends is not None and whom.ends <= card.ends))
        asked = {"card_id": card.card_id, "other_card_id": whom.card_id, "amount_minor": cents}
        self.value(self.stores.card("transfer", self.name(), **asked), fits)
        if fits:
            card.balance, whom.balance = card.balance - cents, whom.balance + cents

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME)
    def pay_a_card_out(self, some: int) -> None:
        card = self.some_card(some)
        fits = not card.blocked and card.balance > 0
        self.value(self.stores.card("cash_out", self.name(), card_id=card.card_id, goodwill=True), fits)
        if fits:
            self.cards.move(card, -card.balance, "cashed_out")

    @precondition(lambda self: self.cards.cards)
    @rule(some=SOME, stop=st.booleans())
    def stop_a_card(self, some: int, stop: bool) -> None:
        card = self.some_card(some)
        answer = self.stores.card("block" if stop else "unblock", self.name(), card_id=card.card_id)
        assert answer.refused is None
        card.blocked = stop

    # What must be so at any time.

    def values_are_as_modelled(self) -> None:
        """Stock, uses of codes and money on cards are as the model has them, and none is lost."""
        (stock,) = self.stores.ask(STOCK, self.mug)
        assert stock[1:] == self.till.stock("mug", STOCK_OF_MUGS)
        codes = [code for pool in self.pools.values() for code in pool.codes]
        kept = {code_id: (uses, void) for code_id, uses, void in self.stores.ask(CODES, [c.code_id for c in codes])}
        assert kept == {code.code_id: (len(code.uses), code.void) for code in codes}
        cards = {card.card_id: card.balance for card in self.cards.cards}
        assert dict(self.stores.ask(CARDS, list(cards))) == cards
        assert self.cards.in_balance()


def _first(reward: str) -> str:
    """The state that an order begins with."""
    return "ordered" if reward == "mug" else "issued"
