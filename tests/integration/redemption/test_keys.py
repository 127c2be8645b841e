"""R-6 for all that redemption does: a key stands for one request, whatever becomes of whoever serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import orjson
import pytest
from msgspec.structs import replace

from libs.codes.rules import Order, PoolRules
from libs.contracts.carts import CartAsk, CartCard, CartCode, CartPoints
from libs.contracts.codes import CodeAsk
from libs.contracts.gift_cards import CardAsk
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask
from libs.contracts.trades import TradeAsk
from libs.runtime.keys import receipt_key
from services.redemption import gathering, handlers
from services.redemption.cards import desk as cards
from services.redemption.codes import desk as codes
from tests.integration.redemption.stores import SCOPE, START, Stores, keyed
from tests.support.database import Database
from tests.support.receipts import purchase
from tests.support.rewards import MUG

OTHER = b"\2" * 32
WHERE = (handlers, gathering, codes, cards)
"""Who commits requests."""
LEFT = "SELECT sum(remaining - held)::int, sum(held)::int FROM ledger.lot"
MONEY = "SELECT sum(balance_minor)::int FROM redemption.gift_card"
USES = "SELECT sum(uses)::int FROM redemption.code"


class DiedError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    opened = Stores(database)
    yield opened
    opened.close()


def requests(stores: Stores, name: str) -> list[tuple[Any, Any, Any]]:
    """All that is asked under keys of these names: who serves it, it, and the same for something else."""
    member = stores.enrol(name)
    stores.tell(purchase(f"{name}-buys", 50_000, card=name, time=START))
    ids = stores.pool(name, PoolRules(), 2)
    issued = stores.card("issue", f"{name}-card", programme_id=SCOPE[1], amount_minor=1_000, currency="EUR")
    card = UUID(orjson.loads(bytes(issued.body))["card_id"])
    till: dict[str, Any] = {"tenant_id": SCOPE[0], "credential": "till"}
    whose: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": member}

    def key(what: str) -> dict[str, Any]:
        return till | keyed(f"{name}-{what}")

    cart = CartAsk(
        "hold", **key("cart"), **whose, receipt_key=receipt_key(*SCOPE, "1", name), receipt_number=name, store="1",
        currency="EUR", total_minor=900, order=Order(900, "EUR", "1"), codes=(CartCode(ids[1], name, 0),),
        cards=(CartCard(card, 200),), points=CartPoints(50, 50, 900), told=msgspec.Raw(b"{}"),
    )  # fmt: skip
    mug = OrderAsk("mug", 1, answers={"variant": "blue", "pick_up_at": "12"})
    asks: list[tuple[Any, dict[str, Any]]] = [
        (Ask("redeem", **key("redeem"), **whose, points=10), {"points": 11}),
        (Ask("hold", **key("hold"), **whose, points=20), {"points": 21}),
        (Ask("redeem", **key("order"), **whose, order=mug), {"order": replace(mug, quantity=2)}),
        (Ask("donate", **key("donate"), **whose, points=30, trade=TradeAsk(charity="reef")), {"points": 31}),
        (CodeAsk("redeem", **key("use"), **whose, code_id=ids[0]), {"code_id": ids[1], "fingerprint": OTHER}),
        (CardAsk("use", **key("pay"), card_id=card, amount_minor=300), {"amount_minor": 301, "fingerprint": OTHER}),
        (CardAsk("top_up", **key("add"), card_id=card, amount_minor=5), {"amount_minor": 6, "fingerprint": OTHER}),
        (cart, {"total_minor": 901, "fingerprint": OTHER}),
    ]
    return [(stores.server_of(ask), ask, replace(ask, **other)) for ask, other in asks]


AFTER = [(500 - 10 - 20 - 300 - 30 - 50, 20 + 50), (1_000 - 300 + 5 - 200,), (2,)]
"""Points that are free and held, money on the card, and uses of codes, once all of it is done."""


def what_is_there(stores: Stores) -> list[tuple[Any, ...]]:
    return [stores.ask(query)[0] for query in (LEFT, MONEY, USES)]


def test_a_key_stands_for_one_request_and_for_its_caller_alone(stores: Stores) -> None:
    stores.reward(MUG | {"reference": "mug"}, 9)
    for serve, ask, other in requests(stores, "a"):
        first, again = stores.again(serve, ask), stores.again(serve, ask)
        assert (first.refused, first.replayed, again.replayed) == (None, False, True), ask
        assert bytes(again.body) == bytes(first.body)
        assert stores.again(serve, other).refused == "idempotency-key-reused", other
    assert what_is_there(stores) == AFTER
    for serve, ask, _ in requests(stores, "b"):
        elsewhere = stores.again(serve, replace(ask, credential="other till"))
        assert (elsewhere.refused, elsewhere.replayed) == (None, False)
    assert stores.flaws() == []


@pytest.mark.parametrize("point", ["before-commit", "after-commit"])
def test_who_dies_around_the_commit_has_done_it_once(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """In one process what `test_kills` does to many: whoever asks again is answered, and it is done once."""
    stores.reward(MUG | {"reference": "mug"}, 9)
    begun = requests(stores, "a")

    def dies(at: str) -> None:
        if at == point:
            raise DiedError

    for serve, ask, _ in begun:
        before = what_is_there(stores)
        with monkeypatch.context() as killing:
            for module in WHERE:
                killing.setattr(module, "reach", dies)
            with pytest.raises(DiedError):
                stores.again(serve, ask)
        assert (what_is_there(stores) == before) is (point == "before-commit"), ask
        done = stores.again(serve, ask)
        assert done.refused is None, (ask, done)
        assert isinstance(ask, CartAsk) or done.replayed is (point == "after-commit"), ask
    assert what_is_there(stores) == AFTER
    assert stores.flaws() == []
