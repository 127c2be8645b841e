"""What is said of an arm beside the control group: by known figures, and by how often chance would mislead."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.experiments.results import Done, results
from libs.experiments.texts import uplift_words
from libs.experiments.told import told
from libs.experiments.uplift import FEW, Sample, compare
from libs.history.counted import Terms, count_purchase
from libs.history.needs import needs_of
from libs.promotions.compile import compile_programme
from libs.promotions.document import parse_programme
from libs.promotions.experiments import Arm, Experiment
from libs.promotions.given import GivenDiscount
from tests.unit.promotions.build import total

EXPERIMENT = Experiment(
    name="double",
    arms=(Arm(name="control", per_mille=500), Arm(name="more", per_mille=500)),
    first_day=date(2024, 5, 1),
    last_day=date(2024, 5, 31),
)
POINTS = {"name": "points", "expiry": {"kind": "never"}, "worth": {"points": 100, "minor": 50}}
TEA = {"kind": "coupon", "reference": "tea", "worth_minor": 250}
OFF = {"kind": "amount_off", "amount_minor": 500}
DOCUMENT = {
    "version": 1,
    "currency": "EUR",
    "zone": "Europe/Rome",
    "wallets": [POINTS],
    "campaigns": [
        {"id": "tea", "name": "Tea", "state": "live", "effects": [TEA, OFF, {"kind": "badge", "reference": "b"}]}
    ],
    "experiments": [EXPERIMENT.model_dump(mode="json")],
}
PROGRAMME = compile_programme(parse_programme(DOCUMENT))


def sample(values: list[int]) -> Sample:
    return Sample(len(values), sum(values), sum(value * value for value in values))


def test_a_known_comparison() -> None:
    """2.5 and 2.0 a member, each with a variance of 1.25 of 40,000: worked by hand."""
    control, arm = sample([0, 2, 3, 3] * 10_000), sample([1, 2, 3, 4] * 10_000)
    found = compare(arm, control, 30_000)
    assert found.verdict == "more"
    assert found.relative == pytest.approx(0.25)
    variance = (1.25 + 1.25**2 * 1.5) / 40_000 / 4  # of 1.5 is the control group's
    assert found.high is not None
    assert found.high - 0.25 == pytest.approx(1.959964 * variance**0.5, rel=1e-4)
    assert compare(control, arm, 30_000).verdict == "less"


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=50))
def test_the_variance_is_that_of_the_values(values: list[int]) -> None:
    mean = sum(values) / len(values)
    spread = sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)
    assert sample(values).variance_of_mean == pytest.approx(spread, rel=1e-6, abs=1e-3)


def test_chance_alone_is_seldom_taken_for_a_difference() -> None:
    """Of 400 trials in which both groups are alike some 20 may mislead; spend is as crooked as it is in shops."""
    random = Random(7)
    wrong = 0
    for _ in range(400):
        groups = [[random.choice((0, 0, 900, 1_500, 2_500, 12_000)) for _ in range(300)] for _ in range(2)]
        wrong += compare(sample(groups[0]), sample(groups[1]), 200).verdict != "no-difference"
    assert 5 <= wrong <= 40


def test_with_more_arms_it_takes_more_to_be_sure() -> None:
    arm, control = sample([1, 2, 3, 4] * 200), sample([1, 2, 3, 3] * 200)
    widths = [(found.high or 0) - (found.low or 0) for found in (compare(arm, control, 800, arms) for arms in (1, 3))]
    assert 1.15 < widths[1] / widths[0] < 1.30


def test_too_little_says_nothing() -> None:
    few = compare(sample([5] * 200), sample([4] * 200), FEW - 1)
    assert (few.verdict, few.relative) == ("too-few", None)
    assert compare(sample([5] * 200), sample([0] * 200), 200).verdict == "too-few"
    assert uplift_words(few, "en").startswith("Too little to say anything: it takes 100 members")


def test_an_experiment_is_told_in_whole_numbers_and_sentences() -> None:
    done = {
        "control": Done(1_000, 600, 500, 900, 2_000_000, 6_000_000_000, {"points": 20_000}),
        "more": Done(
            1_000, 700, 620, 1_300, 2_600_000, 8_800_000_000, {"points": 52_001}, 4_000, {"coupon:tea": 9, "badge:b": 7}
        ),
    }
    found = told(results(EXPERIMENT, date(2024, 6, 1), done), PROGRAMME, "en")
    assert (found["state"], found["counted_until"]) == ("finished", "2024-05-31")
    control, more = found["arms"]
    assert (control["verdict"], control["words"]) == (None, "The control group, which gets nothing of it.")
    assert (more["average_basket_minor"], more["spend_a_member_minor"], more["cost_minor"]) == (
        2_000, 2_600, 26_000 + 4_000 + 9 * 250
    )  # fmt: skip
    assert (more["discount_minor"], more["gifts"]) == (
        4_000, [{"gift": "badge:b", "quantity": 7}, {"gift": "coupon:tea", "quantity": 9}]
    )  # fmt: skip
    assert (more["verdict"], more["relative_per_mille"]) == ("more", 300)
    assert more["words"] == (
        "Members spend more than the control group: +30.0 %, with 95 % confidence between "
        f"+{more['low_per_mille'] / 10} % and +{more['high_per_mille'] / 10} %."
    )
    assert all(not isinstance(value, float) for arm in found["arms"] for value in arm.values())


def test_before_its_first_day_nothing_is_counted_and_worth_may_be_unknown() -> None:
    waiting = results(EXPERIMENT, date(2024, 4, 30), {})
    assert told(waiting, PROGRAMME, "de")["words"] == "Es hat noch nicht begonnen."
    assert Done(points={"coins": 5}).cost_minor(PROGRAMME.wallets, {}) is None
    assert (Done().average_basket_minor, Done().spend_a_member_minor) == (None, None)


def test_what_arms_cost_is_counted_by_the_day_where_there_are_experiments() -> None:
    needs = needs_of(parse_programme(DOCUMENT))
    assert needs is not None
    assert needs.costs == {"discounts", "gift:coupon:tea"}
    without = needs_of(parse_programme(DOCUMENT | {"experiments": []}))
    assert without is None
    bought = total(350, discounts=(GivenDiscount("tea", 120), GivenDiscount("other", 30, 1)))
    granted = [("tea", "coupon", "tea", 2), ("tea", "badge", "b", 1)]
    at = datetime(2024, 5, 2, 12, tzinfo=UTC)
    terms = Terms(ZoneInfo("Europe/Rome"), "EUR", by_category=False, costs=needs.costs)
    counted = count_purchase(UUID(int=1), bought, at, [("points", 3)], terms, granted)
    assert counted.parts == {"wallet:points": 3, "discounts": 150, "gift:coupon:tea": 2}
    plain = count_purchase(UUID(int=1), bought, at, [("points", 3)], terms._replace(costs=frozenset()), granted)
    assert plain.parts == {"wallet:points": 3}
