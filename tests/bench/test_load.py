"""The benchmark measures the right thing: its receipts are receipts, and worth what it expects."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.contracts.codec import TopicDecoder
from libs.contracts.rejection import Rejection
from libs.promotions.basket import NOTHING, Returned, add, remaining
from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.facts import MemberFacts
from libs.runtime.keys import kafka_partition_hash
from tests.bench.drain import PURCHASES
from tests.bench.load import Order, Produced
from tests.bench.mixes import is_purchase
from tests.bench.population import PARTITIONS, make_population, partition_hashes
from tests.bench.programmes import PAYING, RULES, bench_programme, bench_rules
from tests.bench.receipts import number_of, worth

ORDER = Order("", PURCHASES, 1_000, 200, 500, "2026-11-10T12:00:00Z")
LIFE = replace(ORDER, count=5_000, mix="life")


@pytest.mark.parametrize("rules", RULES)
def test_receipts_are_worth_what_is_expected(rules: str) -> None:
    receipts, decoder, produced = ORDER.maker(), TopicDecoder(PURCHASES), Produced()
    programme = compile_programme(bench_rules(rules, "acme"))
    expected = 0
    for index in range(ORDER.count):
        made = receipts.make(index)
        produced.count(made)
        value = made.value
        event = decoder.decode(value)
        assert not isinstance(event, Rejection)
        decision = evaluate(programme, event.data, MemberFacts(UUID(int=1), None), event.time, {})
        assert [grant.points for grant in decision.grants] == [worth(event.data.total_minor)]
        assert len(decision.campaigns) == PAYING
        assert len(event.data.lines) == 3
        assert 600 <= len(value) <= 800
        assert number_of(event.id) == ORDER.first + index
        expected += worth(event.data.total_minor)
    assert produced.points == expected


@pytest.mark.parametrize("order", [ORDER, LIFE])
def test_the_same_order_makes_the_same_records(order: Order) -> None:
    once, again = order.maker(), order.maker()
    assert [once.make(index) for index in range(50)] == [again.make(index) for index in range(50)]


def test_a_life_is_purchases_returns_and_repeats() -> None:
    maker, decoder = LIFE.maker(), TopicDecoder(PURCHASES)
    produced, seen, kinds = Produced(), dict[str, bytes](), Counter[str]()
    bought: dict[str, tuple[bytes, int, datetime]] = {}
    for index in range(LIFE.count):
        made = maker.make(index)
        produced.count(made)
        event = decoder.decode(made.value)
        assert not isinstance(event, Rejection)
        assert made.repeat == (event.id in seen)
        if made.repeat:
            assert seen[event.id] == made.value
            kinds["repeat"] += 1
            continue
        seen[event.id] = made.value
        kinds[event.type.split(".")[-2]] += 1
        if event.type.endswith("completed.v1"):
            bought[event.data.receipt_number] = made.key, made.member, event.time
        else:
            key, member, at = bought[event.data.receipt_number]
            assert (made.key, made.member) == (key, member)
            assert event.time > at
            assert len(event.data.lines) == 1
        assert is_purchase("life", index) == event.type.endswith("completed.v1")
    assert kinds == {"completed": 4_250, "returned": 500, "repeat": 250}
    assert (produced.records, produced.purchases, produced.repeats) == (5_000, 4_250, 250)
    assert 0 < produced.reversed < produced.credited // 10


def test_what_comes_back_is_reckoned_on_all_that_came_back_so_far() -> None:
    maker = LIFE.maker()
    returns: dict[str, dict[int, int]] = {}
    receipts, taken = dict[str, list[dict[str, int]]](), Counter[str]()
    for index in range(LIFE.count):
        made = maker.make(index)
        data = orjson.loads(made.value)["data"]
        number = data["receipt_number"]
        if is_purchase("life", index):
            receipts[number] = data["lines"]
            returns[number] = {}
        elif not made.repeat:
            for line in data["lines"]:
                returns[number][line["line"]] = returns[number].get(line["line"], 0) + line["quantity"]
            taken[number] += made.reversed
    several = 0
    for number, back in returns.items():
        left = before = 0
        for line in receipts[number]:
            pieces, amount = line["quantity"], line["amount_minor"]
            assert back.get(line["line"], 0) <= pieces
            before += amount
            left += amount - amount * back.get(line["line"], 0) // pieces
        assert taken[number] == worth(before) - worth(left)
        several += sum(back.values()) > 1
    assert several > 20


def test_what_is_left_is_worth_what_the_platform_makes_of_it() -> None:
    maker, decoder = LIFE.maker(), TopicDecoder(PURCHASES)
    programme = compile_programme(bench_programme(20, "acme"))
    bought, back, taken = dict[str, Any](), dict[str, Returned](), Counter[str]()
    for index in range(LIFE.count):
        made = maker.make(index)
        event = decoder.decode(made.value)
        assert not isinstance(event, Rejection)
        number = event.data.receipt_number
        if is_purchase("life", index):
            bought[number] = event
        elif not made.repeat:
            back[number] = add(back.get(number, NOTHING), event.data)
            taken[number] += made.reversed
    for number, returned in back.items():
        purchase = bought[number]
        left = remaining(purchase.data, returned)
        decision = None
        if left is not None:
            decision = evaluate(programme, left, MemberFacts(UUID(int=1), None), purchase.time, {})
        points = sum(grant.points for grant in decision.grants) if decision else 0
        assert points == worth(purchase.data.total_minor) - taken[number]


def test_hashes_of_many_keys_agree_with_the_platform() -> None:
    for length in range(1, 12):
        keys = [bytes((seed * 37 + at * 11) % 256 for at in range(length)) for seed in range(40)]
        assert partition_hashes(keys).tolist() == [kafka_partition_hash(key) for key in keys]


def test_receipts_go_where_their_card_belongs() -> None:
    maker = LIFE.maker()
    for index in range(LIFE.count):
        made = maker.make(index)
        assert made.key == b"card:" + orjson.loads(made.value)["data"]["identifiers"][0]["value"].encode()
        assert made.part == kafka_partition_hash(made.key) % PARTITIONS


def test_members_are_the_same_every_time_and_of_both_tenants() -> None:
    population = make_population(100)
    assert population == make_population(100)
    assert {each.version for each in population.member_ids} == {7}
    assert len(set(population.member_ids)) == 100
    assert population.cards[0::2] == population.cards[1::2]
    assert population.spreads == [kafka_partition_hash(str(each).encode()) for each in population.member_ids]
