"""Pictures of games and rankings, and how stars add up: what is drawn is what is so."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.catalogue.kinds.registry import KINDS
from services.gateway.catalogue.signs import SIGNS, look
from services.gateway.catalogue.views import OfferView
from services.gateway.feedback.figures import Liking, likings
from services.gateway.feedback.texts import FEEDBACK
from services.gateway.games.pictures import Slice, rising, wheel
from services.gateway.games.texts import GAMES
from services.gateway.site.bars import Bar, bars

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 1_000), min_size=2, max_size=12))
def test_the_sectors_of_a_wheel_follow_each_other_and_close_it(weights: list[int]) -> None:
    whole = sum(weights)
    drawn = wheel("A wheel", [Slice(f"n{at}", weight / whole, "x") for at, weight in enumerate(weights)])
    found = re.findall(r"M120.0 120.0L([\d. ]+)A110 110 0 ([01]) 1 ([\d. ]+)Z", drawn)
    assert len(found) == len(weights)
    assert found[0][0] == found[-1][2] == "120.00 10.00", "it begins and ends at the top"
    assert all(one[2] == other[0] for one, other in itertools.pairwise(found))
    assert [large for _, large, _ in found] == [str(int(weight / whole > 0.5)) for weight in weights]


def test_a_wheel_of_one_sector_is_round() -> None:
    assert "<circle" in wheel("x", [Slice("all", 1.0, "always")])


def test_bids_rise_from_left_to_right_and_one_is_no_picture() -> None:
    bids = [(NOON + timedelta(minutes=at), points) for at, points in ((10, 200), (0, 100))]
    assert 'points="6.0,75.0 594.0,75.0 594.0,6.0"' in rising("Bids", bids)
    assert rising("Bids", bids[:1]) == ""


def test_bars_are_as_long_as_what_they_stand_for_and_names_are_no_html() -> None:
    drawn = bars("<b>", [Bar("mug" * 20, 10, "10"), Bar("<i>", 5, "5"), Bar("none", 0, "0")])
    assert re.findall(r'width="([\d.]+)"', drawn) == ["440.0", "220.0", "0.0"]
    assert ("<i>" in drawn, "<b>" in drawn) == (False, False)
    assert f"{('mug' * 20)[:26]}…</text>" in drawn
    assert "<rect" not in bars("nothing", [])


@pytest.mark.parametrize(
    ("rows", "mean"),
    [([("mug", 5, 1), ("mug", 4, 2)], "4.33"), ([("mug", 1, 3)], "1.00"), ([("mug", 3, 1), ("mug", 4, 1)], "3.50")],
)
def test_stars_have_a_mean(rows: list[tuple[str, int, int]], mean: str) -> None:
    liking = likings([*rows, ("bag", 1, 9)])["mug"]
    assert (liking.mean, liking.count) == (Decimal(mean), sum(times for _, _, times in rows))
    assert Liking().mean is None


def test_all_is_said_in_every_language() -> None:
    assert GAMES.faults() == FEEDBACK.faults() == []


def test_each_kind_of_reward_has_a_sign_and_a_picture_comes_first() -> None:
    assert set(SIGNS) == set(KINDS)
    example: dict[str, Any] = {**OfferView.model_json_schema()["example"], "kind": "charity"}
    assert SIGNS["charity"] in look(OfferView.model_validate(example | {"media": []}))
    drawn = look(OfferView.model_validate(example | {"media": [{"link": "x", "alt": 'a "mug"', "form": "picture"}]}))
    assert drawn == '<img src="x" alt="a &quot;mug&quot;" loading="lazy">'
