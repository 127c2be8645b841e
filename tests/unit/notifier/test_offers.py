"""What messages propose to one member: what suits them, and what their points reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.catalogue.facts import Supply
from libs.catalogue.reward import Reward
from libs.history.needs import needs_of
from libs.messages.values import Money, Points
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.proposals import ProductProposal
from services.notifier.offers.choosing import MOST, Suited, affordable, on_offer, products
from tests.support.rewards import reward_of

NOW, ROME = datetime(2026, 3, 1, 12, tzinfo=UTC), ZoneInfo("Europe/Rome")
PLENTY = Supply()


def product(name: str, **fields: Any) -> ProductProposal:
    return ProductProposal.model_validate({"name": name, "title": name.title(), **fields})


COFFEE = product("coffee", categories=["COFFEE"], price_minor=599, link="https://shop.example/coffee")
TEA = product("tea", categories=["TEA"], products=["mate"])
GOLD = product("gold", tiers=["gold"])
BABY = product("baby", segments=["families"])
GRUSS = product("gruss", language="de")
ALL = (GOLD, BABY, GRUSS, COFFEE, TEA)


def reward(reference: str, points: int, **fields: Any) -> Reward:
    texts = {"en": {"title": reference.title()}, "de": {"title": f"{reference} deutsch"}}
    prices = [{"name": "points", "points": points}]
    return reward_of("merchandise", **{"reference": reference, "texts": texts, "prices": prices, **fields})


def names(found: Any) -> list[str]:
    return [each.title for each in found]


def test_what_is_most_bought_of_comes_first() -> None:
    spend = {"category:COFFEE": 500, "category:TEA": 300, "product:mate": 400}
    assert names(products(ALL, Suited(spend=spend), "en", "EUR")) == ["Tea", "Coffee"]
    assert names(products(ALL, Suited(), "en", "EUR")) == []
    (coffee,) = products(ALL, Suited(spend={"category:COFFEE": 1}), "en", "EUR")
    assert (coffee.price, coffee.link) == (Money(599, "EUR", 2), "https://shop.example/coffee")


@pytest.mark.parametrize(
    ("member", "language", "shown"),
    [
        (Suited(tier="gold"), "en", ["Gold"]),
        (Suited(tier="silver", segments=frozenset(["families", "x"])), "en-GB", ["Baby"]),
        (Suited(), "de-AT", ["Gruss"]),
        (Suited("gold", frozenset(["families"]), {"product:mate": 1}), "de", ["Tea", "Gold", "Baby", "Gruss"]),
    ],
)
def test_a_proposal_is_for_whom_it_says(member: Suited, language: str, shown: list[str]) -> None:
    assert names(products(ALL, member, language, "EUR")) == shown


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=9), st.integers(0, 600))
def test_nobody_is_shown_a_reward_that_is_out_of_reach(prices: list[int], points: int) -> None:
    rewards = [(reward(f"r{at}", price), PLENTY) for at, price in enumerate(prices)]
    found = affordable(
        on_offer(rewards, None, frozenset(), NOW, ROME), {"points": points}, Suited(), "en", {"points": 0}
    )
    reached = sorted([price for price in prices if price <= points], reverse=True)
    assert [each.points for each in found] == [Points(price, 0) for price in reached[:MOST]]


def test_a_reward_is_offered_to_whom_it_is_for_and_while_there_is_any() -> None:
    rewards = [
        (reward("cake", 10), PLENTY),
        (reward("gold", 10, audience={"tiers": ["gold"]}), PLENTY),
        (reward("sold", 10, stock="global"), Supply(left=0)),
        (reward("draft", 10, state="draft"), PLENTY),
        (reward("once", 10, per_member=[{"most": 1, "per": "ever"}]), PLENTY),
    ]
    plain = on_offer(rewards, None, frozenset(), NOW, ROME)
    assert sorted(each.reward.reference for each in plain) == ["cake", "once"]
    assert "gold" in [each.reward.reference for each in on_offer(rewards, "gold", frozenset(), NOW, ROME)]
    had = Suited(had=frozenset(["once"]))
    assert names(affordable(plain, {"points": 10}, had, "de", {"points": 0})) == ["cake deutsch"]
    assert affordable(plain, {"miles": 10}, had, "en", {"points": 0}) == ()


def test_a_document_with_proposals_has_their_categories_counted() -> None:
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
    }
    assert needs_of(parse_programme(document)) is None
    both = [each.model_dump(mode="json", exclude_none=True) for each in (COFFEE, TEA)]
    needs = needs_of(parse_programme({**document, "messages": {"proposals": both}}))
    assert needs is not None
    assert (needs.windows, needs.by_category, needs.shares) == ((), True, frozenset(["product"]))
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme({**document, "messages": {"proposals": [BABY.model_dump(mode="json", exclude_none=True)]}})
    assert [each.path for each in refused.value.errors] == ["messages.proposals[0].segments[0]"]
