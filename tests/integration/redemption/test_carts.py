"""Carts in odd orders: late, merged, given up halfway; what counts is had, and comes back with the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import orjson
import pytest

from libs.codes.rules import Order, PoolRules
from libs.contracts.carts import CartCard, CartCode, CartPoints
from libs.runtime.keys import receipt_key
from services.redemption.carts.desk import GRACE
from tests.integration.redemption.stores import SCOPE, Stores
from tests.support.database import Database
from tests.support.lives import asked, voided
from tests.support.plain_points import HOLD
from tests.support.receipts import purchase

USES = "SELECT code_id, member_id FROM redemption.code_use WHERE returned_at IS NULL ORDER BY used_at"
WORDS = "SELECT c.state, w.word FROM redemption.cart c JOIN redemption.cart_word w USING (tenant_id, cart_id)"
BALANCE = "SELECT balance_minor::int FROM redemption.gift_card"


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    opened = Stores(database)
    yield opened
    opened.close()


class Held(NamedTuple):
    """A cart that is set aside, for the receipt of a number."""

    cart_id: UUID
    token: str
    number: str
    total: int
    at: datetime


def hold(stores: Stores, number: str, member: UUID, total: int, *, points: int = 0, **parts: Any) -> Held:
    """Set aside codes and cards, given by their ids, and points, for a receipt."""
    wanted: dict[str, Any] = {
        "programme_id": SCOPE[1],
        "member_id": member,
        "receipt_key": receipt_key(*SCOPE, "1", number),
        "receipt_number": number,
        "store": "1",
        "currency": "EUR",
        "total_minor": total,
        "order": Order(total, "EUR", "1"),
        "codes": tuple(CartCode(each, "late", 0) for each in parts.get("codes", ())),
        "cards": tuple(CartCard(*each) for each in parts.get("cards", ())),
        "points": CartPoints(points, points, total) if points else None,
        "told": msgspec.Raw(b"{}"),
    }
    answer = stores.cart("hold", f"hold {number}", **wanted)
    assert answer.refused is None, answer
    told = orjson.loads(bytes(answer.body))
    return Held(UUID(told["cart_id"]), told["token"], number, total, stores.clock.now())


def buy(stores: Stores, cart: Held, card: str) -> None:
    """Let the receipt of a cart come, bought in time."""
    stores.tell(purchase(cart.number, cart.total, card=card, time=cart.at, cart=cart.token))


def be_late(stores: Stores) -> None:
    """Let the time of carts be over, and what they have be given back."""
    stores.clock.instant += HOLD + GRACE
    stores.look()


def points_of(stores: Stores, *members: UUID) -> list[int]:
    return [sum(lot.remaining - lot.held for lot in each.lots) for each in stores.ledgers(members)]


def test_none_of_the_codes_is_used_where_they_do_not_count(stores: Stores) -> None:
    """Of two codes somebody has used one meanwhile: the receipt is paid without them, and the other one stays free."""
    ann = stores.enrol("ann")
    codes = stores.pool("late", PoolRules(), 2)
    cart = hold(stores, "R-1", ann, 1_000, codes=codes)
    be_late(stores)
    assert stores.code("redeem", "other", programme_id=SCOPE[1], code_id=codes[1]).refused is None
    buy(stores, cart, "ann")
    assert stores.ask(WORDS) == [("bought", "spent")]
    assert stores.ask(USES) == [(codes[1], None)]
    assert stores.counter.short == [2]
    stores.tell(voided("V-1", "R-1", time=stores.clock.now()))
    assert (stores.ask(WORDS), stores.ask(USES)) == ([("returned", "returned")], [(codes[1], None)])
    assert stores.flaws() == []


@pytest.mark.parametrize("late", [True, False], ids=["given-up", "on-its-way"])
def test_whoever_a_member_is_now_pays_for_a_late_cart_of_theirs(stores: Stores, late: bool) -> None:
    ann, ben = stores.enrol("ann"), stores.enrol("ben")
    (code,) = stores.pool("late", PoolRules(per_member=1), 1)
    for card in ("ann", "ben"):
        stores.tell(purchase(f"R-{card}", 10_000, card=card, time=stores.clock.now()))
    cart = hold(stores, "R-1", ann, 1_000, codes=[code], points=30)
    stores.clock.instant += HOLD + (GRACE if late else timedelta())
    stores.look()
    stores.tell(asked("M-1", "merge", ann, to_member_id=str(ben), time=stores.clock.now()))
    assert points_of(stores, ann, ben) == [0, 200]
    buy(stores, cart, "ann")
    assert stores.ask(WORDS) == [("bought", "bought")]
    assert (points_of(stores, ann, ben), stores.ask(USES)) == ([0, 200 - 30 + 10], [(code, ann)])
    assert stores.counter.short == []
    stores.tell(voided("V-1", "R-1", time=stores.clock.now()))
    assert (points_of(stores, ann, ben), stores.ask(USES)) == ([0, 200], [])
    assert stores.flaws() == []


@pytest.mark.parametrize("total", [0, 970, 1_000, 1_300])
def test_all_comes_back_with_a_receipt_whatever_it_came_to(stores: Stores, total: int) -> None:
    """Also where the till tells what was left to pay, or a total that a cashier had corrected."""
    ann = stores.enrol("ann")
    stores.tell(purchase("R-0", 10_000, card="ann", time=stores.clock.now()))
    issued = stores.card(
        "issue", "card", programme_id=SCOPE[1], amount_minor=900, currency="EUR", expires_at=None, paid=True
    )
    card = UUID(orjson.loads(bytes(issued.body))["card_id"])
    cart = hold(stores, "R-1", ann, 1_000, points=30, cards=[(card, 700)])
    buy(stores, cart._replace(total=total), "ann")
    assert (points_of(stores, ann), stores.ask(BALANCE)) == ([70 + total // 100], [(200,)])
    stores.tell(voided("V-1", "R-1", time=stores.clock.now()))
    assert (points_of(stores, ann), stores.ask(BALANCE)) == ([100], [(900,)])
    assert stores.counter.short == []
    assert stores.flaws() == []
