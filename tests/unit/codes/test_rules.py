"""Whether a code counts for an order, and what it takes off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.codes.rules import (
    Asker,
    Benefit,
    Code,
    Line,
    Order,
    PoolRules,
    RulesWrong,
    State,
    discount,
    read_rules,
    reasons,
)

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2024, 3, 1, 11, 30, tzinfo=UTC)  # a Friday, half past noon in Rome
MEMBER, OTHER = UUID(int=1), UUID(int=2)
MINE = Asker(MEMBER, "gold")
ORDER = Order(5_000, "EUR", "7", "store", (Line("milk", 2_000, "dairy"), Line("pen", 3_000, brand="bic")))


def why(
    rules: PoolRules,
    order: Order = ORDER,
    asker: Asker = MINE,
    *,
    state: State = "published",
    uses: int = 0,
    owner: UUID | None = MEMBER,
    until: datetime | None = None,
    now: datetime = NOW,
) -> list[str]:
    code = Code(UUID(int=9), state, uses, owner, until)
    return [reason.code for reason in reasons(rules, code, order, asker, now, ROME)]


def test_a_code_without_rules_counts_once() -> None:
    assert why(PoolRules()) == []
    assert why(PoolRules(), uses=1) == ["used-up"]
    assert why(PoolRules(uses=None), uses=10**6) == []
    assert why(PoolRules(), state="void") == ["void"]


def test_every_reason_is_told_at_once() -> None:
    rules = PoolRules(
        valid_until=NOW, own_only=True, per_member=1, tiers=("silver",), stores=("9",), channels=("web",),
        weekdays=("sat",), from_hour=8, to_hour=12, currency="EUR", min_total_minor=5_001, skus=("ink",),
    )  # fmt: skip
    found = why(rules, asker=Asker(OTHER, "gold", used=1))
    assert found == [
        "expired", "other-member", "member-used-up", "tier", "store", "channel", "weekday", "hour", "minimum",
        "products",
    ]  # fmt: skip


def test_windows_are_half_open() -> None:
    rules = PoolRules(valid_from=NOW, valid_until=NOW + timedelta(days=1))
    tick = timedelta(microseconds=1)
    assert why(rules) == []
    assert why(rules, now=NOW - tick) == ["not-yet"]
    assert why(rules, now=NOW + timedelta(days=1) - tick) == []
    assert why(rules, now=NOW + timedelta(days=1)) == ["expired"]
    assert why(PoolRules(), until=NOW) == ["expired"]


def test_hours_and_weekdays_are_those_of_the_programme() -> None:
    assert why(PoolRules(weekdays=("fri",), from_hour=12, to_hour=13)) == []
    assert why(PoolRules(from_hour=11, to_hour=12)) == ["hour"]


def test_without_a_member_only_what_asks_for_one_is_refused() -> None:
    nobody = Asker()
    assert why(PoolRules(), asker=nobody) == []
    assert why(PoolRules(per_member=1), asker=nobody) == ["member-needed"]
    assert why(PoolRules(own_only=True), asker=nobody) == ["member-needed"]


def test_another_currency_is_told_instead_of_an_amount() -> None:
    rules = PoolRules(currency="USD", min_total_minor=10_000)
    assert why(rules) == ["currency"]
    assert why(PoolRules(currency="EUR", min_total_minor=5_000)) == []


def test_products_by_any_of_their_names() -> None:
    for named in (PoolRules(skus=("milk",)), PoolRules(categories=("dairy",)), PoolRules(brands=("bic",))):
        assert why(named) == []
    half = PoolRules(categories=("dairy",), benefit=Benefit(percent=50))
    assert discount(half, ORDER) == 1_000


@given(
    st.integers(0, 10**6), st.lists(st.integers(-1_000, 10**5), max_size=4), st.integers(1, 10**6),
    st.none() | st.integers(1, 10**6), st.booleans(), st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_more_is_taken_off_than_there_is_to_pay(
    total: int, amounts: list[int], worth: int, most: int | None, percent: bool, named: bool
) -> None:
    benefit = Benefit(percent=worth % 100 + 1, most_minor=most) if percent else Benefit(worth, most_minor=most)
    order = Order(total, "EUR", lines=tuple(Line("milk", amount) for amount in amounts))
    off = discount(PoolRules(benefit=benefit, skus=("milk",) if named else ()), order)
    assert 0 <= off <= total
    assert off <= (most or off)
    if named:
        assert off <= sum(amount for amount in amounts if amount > 0)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"uses": 0}, "uses"),
        ({"colour": "red"}, "colour"),
        ({"from_hour": 9}, "to_hour"),
        ({"from_hour": 9, "to_hour": 9}, "to_hour"),
        ({"min_total_minor": 5}, "currency"),
        ({"benefit": {}}, "benefit"),
        ({"benefit": {"percent": 5, "amount_minor": 5}, "currency": "EUR"}, "benefit"),
        ({"valid_from": "2024-01-01T00:00:00"}, "offset"),
        ({"valid_from": "2024-01-02T00:00:00Z", "valid_until": "2024-01-02T00:00:00Z"}, "valid_until"),
    ],
)
def test_what_is_wrong_with_rules_is_told(document: dict[str, object], says: str) -> None:
    with pytest.raises(RulesWrong, match=says):
        read_rules(document)
    assert read_rules({"uses": None, "benefit": {"percent": 5}}).benefit == Benefit(percent=5)
