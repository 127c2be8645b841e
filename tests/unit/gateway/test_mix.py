"""The mix of rewards: who can have what, and what is proposed, from figures alone."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.feedback.figures import Liking
from services.gateway.mix.measured import Asked, Mix, RewardFigures, by_kind, reaches
from services.gateway.mix.proposing import Proposal, proposals
from services.gateway.mix.texts import MIX, in_words


def reward(reference: str = "mug", **changes: Any) -> RewardFigures:
    """A reward that all is well with."""
    figures: dict[str, Any] = {
        "title": reference.title(), "category": "home", "kind": "merchandise", "price": 100, "own": (),
        "sold_out": False, "asked": Asked(4, 4, 400, 4), "by_level": {}, "wished": 0, "reach": 80, "cost_minor": None,
    }  # fmt: skip
    return RewardFigures(reference, **(figures | changes))


def mix(*rewards: RewardFigures, **changes: Any) -> Mix:
    """A programme of a hundred members of whom twenty ordered something."""
    figures: dict[str, Any] = {"levels": {"": 100}, "ordering": 20, "middle": 150, "kinds": by_kind(rewards)}
    return Mix(rewards, **(figures | changes))


@settings(max_examples=60)
@given(st.lists(st.integers(1, 500), max_size=60), st.sets(st.integers(0, 400), min_size=1, max_size=8))
def test_who_can_pay_a_price_is_counted_as_one_by_one(purses: list[int], found: set[int]) -> None:
    prices = sorted(found)
    buckets = Counter(bisect_right(prices, purse) for purse in purses)
    members = len(purses) + 3  # three have no points at all
    expected = {price: members if price == 0 else sum(purse >= price for purse in purses) for price in prices}
    assert reaches(prices, buckets, members) == expected


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (mix(reward()), []),
        (mix(), []),
        (mix(reward(), levels={}), []),
        (mix(reward(reach=49)), ["out-of-reach"]),
        (mix(reward(reach=49), reward("free", own=("gold",), reach=100)), ["out-of-reach"]),
        (mix(reward(), ordering=9), ["few-take-part"]),
        (mix(reward(asked=Asked(9, 9, 0, 9))), []),
        (mix(reward(asked=Asked(10, 10, 0, 9))), ["one-kind"]),
        (mix(reward(asked=Asked(6, 6, 0, 6)), reward("song", kind="digital", asked=Asked(4, 4, 0, 4))), []),
        (mix(reward(asked=Asked(), wished=1)), []),
        (mix(reward(asked=Asked())), ["never-asked"]),
        (mix(reward(), reward("car", reach=1, wished=2)), ["wished-too-dear"]),
        (mix(reward(), reward("car", reach=1, wished=1)), []),
        (mix(reward(sold_out=True, wished=1)), ["wished-sold-out"]),
        (mix(reward(liking=Liking((3, 0, 0, 0, 0)))), ["disliked"]),
        (mix(reward(liking=Liking((2, 0, 0, 0, 0)))), []),
        (mix(reward(liking=Liking((0, 0, 3, 0, 0)))), []),
        (mix(reward(), levels={"": 90, "gold": 10}), ["level-without"]),
        (mix(reward(), reward("lounge", own=("gold",)), levels={"": 90, "gold": 10}), []),
    ],
)
def test_what_is_proposed_follows_from_the_figures(found: Mix, codes: list[str]) -> None:
    told = proposals(found)
    assert [each.code for each in told] == codes
    for each in told:
        assert all(in_words(each, language) for language in ("en", "de"))


def test_no_proposal_is_told_of_more_than_five_rewards() -> None:
    found = proposals(mix(*[reward(f"r{at}", asked=Asked()) for at in range(9)]))
    assert [each.reference for each in found] == ["r0", "r1", "r2", "r3", "r4"]


def test_proposals_are_told_with_their_figures() -> None:
    said = in_words(Proposal("disliked", "mug", {"title": "A mug", "ratings": 3, "hundredths": 133}), "de")
    assert said.startswith("„A mug“ hat 1,33 Sterne von 3 Mitgliedern")
    assert MIX.faults() == []
