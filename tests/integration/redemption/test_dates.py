"""Points that redemption brings, or brings back, have the dates that the member's own terms give them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.contracts.trades import TradeAsk
from tests.integration.redemption.stores import SCOPE, START, TRADES, Stores
from tests.support.database import Database
from tests.support.receipts import purchase
from tests.support.spending import traded
from tests.support.spending_lane import SpendingLane

MONTHS: dict[str, Any] = {"kind": "natural", "period": "month"}
YEARS_FOR_GOLD = [{"tiers": ["gold"], "expiry": {"kind": "natural", "period": "year"}}]
WALLETS = {
    "gold": [{"name": "points", "expiry": MONTHS, "expiry_for": YEARS_FOR_GOLD}],
    "anniversary": [{"name": "points", "expiry": {"kind": "anniversary"}}],
    "plain": [{"name": "points", "expiry": MONTHS}],
}
EXCHANGES = [{"partner": "sky", "takes": [{"points": 4, "units": 1}]}]
LIFTED = "UPDATE ledger.member SET tier = 'gold' WHERE member_id = $1"
JOINED = "UPDATE members.member SET enrolled_at = $2 WHERE member_id = $1"
LOTS = "SELECT expires_at FROM ledger.lot_now WHERE member_id = $1 ORDER BY seq"


@pytest.fixture(params=list(WALLETS))
def terms(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stores(database: Database, terms: str) -> Iterator[Stores]:
    opened = Stores(database, wallets=WALLETS[terms], trades=TRADES | {"exchanges": EXCHANGES})
    yield opened
    opened.close()


def somebody(stores: Stores) -> UUID:
    """Somebody gold who joined on a 10th of March."""
    member = stores.enrol("ann")
    stores.ask(LIFTED, member)
    stores.ask(JOINED, member, datetime(2021, 3, 10, 9, tzinfo=UTC))
    return member


def test_points_that_are_bought_exchanged_or_lent_lapse_with_those_that_are_earned(stores: Stores, terms: str) -> None:
    member = somebody(stores)
    whose: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": member}
    stores.tell(purchase("R-1", 1_000, card="ann", time=START))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("buy", {"points": 10, "trade": TradeAsk(paid_minor=20)}),
        ("exchange_in", {"trade": TradeAsk(partner="sky", units=2)}),
        ("lend", {"points": 5, "trade": TradeAsk()}),
    ]
    for operation, told in asked:
        assert stores.spend(operation, operation, **whose, **told).refused is None
    lane = stores.run(SpendingLane(stores.counter.desk).claim())
    asking = traded("T-1", member, "buy", points=10, paid_minor=20, currency="EUR", time=START)
    stores.run(lane.apply([asking]))
    (earned,), *others = stores.ask(LOTS, member)
    wanted = {"gold": datetime(2024, 12, 31, 23, tzinfo=UTC), "plain": datetime(2024, 3, 31, 22, tzinfo=UTC)}
    assert earned == wanted.get(terms, earned)
    assert others == [(earned,)] * 4
    assert stores.flaws() == []


def test_what_an_operator_gives_back_late_lives_up_to_the_members_own_boundary(stores: Stores, terms: str) -> None:
    member = somebody(stores)
    stores.tell(purchase("R-1", 1_000, card="ann", time=START))
    (lapses,) = stores.ask(LOTS, member)[0]
    more: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": member, "points": 10}
    told = orjson.loads(bytes(stores.spend("redeem", "redeem", **more).body))
    stores.clock.instant = lapses + timedelta(days=10)
    answer = stores.spend("cancel", "cancel", redemption_id=UUID(told["redemption_id"]), by="operator")
    assert answer.refused is None
    (until,) = stores.ask(LOTS, member)[0]
    assert until == stores.clock.instant + timedelta(days={"plain": 20, "gold": 30, "anniversary": 30}[terms])
    assert stores.flaws() == []
