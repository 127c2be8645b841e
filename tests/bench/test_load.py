"""The benchmark measures the right thing: its receipts are receipts, and worth what it expects."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from libs.contracts.codec import TopicDecoder
from libs.contracts.rejection import Rejection
from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.facts import MemberFacts
from libs.runtime.keys import kafka_partition_hash
from tests.bench.drain import PURCHASES
from tests.bench.load import Order, Receipts, number_of, worth
from tests.bench.population import PARTITIONS, make_population, partition_hashes
from tests.bench.programmes import PAYING, bench_programme

ORDER = Order("", PURCHASES, 1_000, 200, 500, "2026-11-10T12:00:00Z")


@pytest.mark.parametrize("campaigns", [20, 1_000])
def test_receipts_are_worth_what_is_expected(campaigns: int) -> None:
    receipts, decoder = Receipts(ORDER), TopicDecoder(PURCHASES)
    programme = compile_programme(bench_programme(campaigns, "acme"))
    expected = 0
    for index in range(ORDER.count):
        _, _, value = receipts.make(index)
        event = decoder.decode(value)
        assert not isinstance(event, Rejection)
        decision = evaluate(programme, event.data, MemberFacts(UUID(int=1), None), event.time, {})
        assert [grant.points for grant in decision.grants] == [worth(event.data.total_minor)]
        assert len(decision.campaigns) == PAYING
        assert len(event.data.lines) == 3
        assert 600 <= len(value) <= 800
        assert number_of(event.id) == ORDER.first + index
        expected += worth(event.data.total_minor)
    assert receipts.points == expected


def test_the_same_order_makes_the_same_receipts() -> None:
    once, again = Receipts(ORDER), Receipts(ORDER)
    assert [once.make(index) for index in range(50)] == [again.make(index) for index in range(50)]


def test_hashes_of_many_keys_agree_with_the_platform() -> None:
    for length in range(1, 12):
        keys = [bytes((seed * 37 + at * 11) % 256 for at in range(length)) for seed in range(40)]
        assert partition_hashes(keys).tolist() == [kafka_partition_hash(key) for key in keys]


def test_receipts_go_where_their_card_belongs() -> None:
    receipts = Receipts(ORDER)
    for index in range(ORDER.count):
        part, key, value = receipts.make(index)
        assert key == b"card:" + orjson.loads(value)["data"]["identifiers"][0]["value"].encode()
        assert part == kafka_partition_hash(key) % PARTITIONS


def test_members_are_the_same_every_time_and_of_both_tenants() -> None:
    population = make_population(100)
    assert population == make_population(100)
    assert {each.version for each in population.member_ids} == {7}
    assert len(set(population.member_ids)) == 100
    assert population.cards[0::2] == population.cards[1::2]
    assert population.spreads == [kafka_partition_hash(str(each).encode()) for each in population.member_ids]
