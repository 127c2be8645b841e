"""The peers of the benchmark apply the same rules as the platform, and come to the points that are reckoned."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import pytest

from libs.promotions.document import canonical_json
from tests.bench.load import Account, Order
from tests.bench.mixes import MIXES, Mix
from tests.bench.peers.rules import Teller, compile_rules
from tests.bench.population import TENANTS, make_population, member_of
from tests.bench.programmes import bench_programme
from tests.bench.receipts import worth

MEMBERS = 200
DOCUMENTS = {each.slug: json.loads(canonical_json(bench_programme(20, each.slug))) for each in TENANTS}


class Kept:
    """The state of one member; what it gives and takes is copied, as a store does."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return copy.deepcopy(self._values.get(key))

    def put(self, key: str, value: Any) -> None:
        self._values[key] = copy.deepcopy(value)


@pytest.mark.parametrize("mix", MIXES)
def test_a_peer_comes_to_the_same_points(mix: Mix) -> None:
    order = Order("", "", 0, 3_000, MEMBERS, "2026-11-10T12:00:00Z", mix=mix)
    maker, account, teller = order.maker(), Account(), Teller(DOCUMENTS)
    account.reach(MEMBERS)
    states: dict[bytes, Kept] = {}
    told = np.zeros(MEMBERS, np.int64)
    tenants = {each.slug: each for each in TENANTS}
    for index in range(order.count):
        made = maker.make(index)
        account.count(made)
        outcome = teller.apply(orjson.loads(made.value), states.setdefault(made.key, Kept()))
        assert outcome["points"] == made.credited - made.reversed
        told[member_of(tenants[outcome["tenant"]], made.key.rpartition(b":")[2].decode())] = outcome["balance"]
    assert told.tolist() == account.points.tolist()


@pytest.mark.parametrize("total", [0, 1, 99, 100, 117, 118, 12_345])
def test_rules_are_worth_what_a_receipt_is(total: int) -> None:
    points = compile_rules(DOCUMENTS["acme"])
    line: Mapping[str, Any] = {"sku": "1", "category": "a", "quantity": 1, "amount_minor": total}
    assert points({"channel": "store"}, [line]) == worth(total)


def test_rules_know_what_they_do_not_know() -> None:
    document = {
        "campaigns": [{"state": "live", "effect": {"kind": "fixed", "points": 1}, "cel": "member.tier == 'gold'"}]
    }
    with pytest.raises(KeyError):
        compile_rules(document)


def test_other_campaigns_pay_on_what_they_wait_for() -> None:
    points = compile_rules(DOCUMENTS["acme"])
    plain: dict[str, Any] = {"sku": "1", "category": "a", "quantity": 2, "amount_minor": 1_000}
    skus = next(each["when"]["skus"] for each in DOCUMENTS["acme"]["campaigns"] if each.get("when", {}).get("skus"))
    assert points({"channel": "store"}, [plain | {"sku": skus[0]}]) > points({"channel": "store"}, [plain])


def test_a_card_says_whose_it_is() -> None:
    cards = make_population(10).cards
    assert [member_of(TENANTS[number % 2], card) for number, card in enumerate(cards)] == list(range(10))
