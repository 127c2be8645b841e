"""Which sweeps take a second person: by points of any wallet, and by what all of them are worth."""

from __future__ import annotations

import pytest

from libs.promotions.lapsing import SweepApproval
from libs.sweeps.preview import Share
from services.expiry.approval import takes_two, worth_together
from services.expiry.overseer import answer

SHARES = [
    Share("gold", "points", 1, 1, 700), Share(None, "points", 2, 3, 299), Share(None, "miles", 1, 1, 5_000),
]  # fmt: skip
WORTH = {"points": (100, 90), "gems": (1, 1)}


@pytest.mark.parametrize(
    ("points", "minor", "takes"),
    [
        (None, None, False), (5_000, None, False), (4_999, None, True), (None, 899, False), (None, 898, True),
        (6_000, 898, True),
    ],
)  # fmt: skip
def test_bounds_are_passed_by_more_than_they_say(points: int | None, minor: int | None, takes: bool) -> None:
    bounds = SweepApproval(above_points=points, above_minor=minor)
    assert takes_two(SHARES, bounds, WORTH) is takes


def test_what_has_no_worth_passes_no_bound_of_money_and_nothing_lapsing_none() -> None:
    assert worth_together(SHARES, WORTH) == 899
    assert worth_together(SHARES[2:], WORTH) is None
    assert not takes_two(SHARES[2:], SweepApproval(above_minor=0), WORTH)
    assert not takes_two([], SweepApproval(above_points=0, above_minor=0), WORTH)


def test_only_what_waits_for_agreement_can_be_agreed_to_or_refused() -> None:
    states = ("announced", "awaiting_approval", "running", "paused", "finished", "cancelled")
    assert [answer(state, "approve", started=False) for state in states] == [
        "announced", "announced", "running", "paused", "finished", "cancelled",
    ]  # fmt: skip
    assert [answer(state, "refuse", started=False) for state in states] == [
        "announced", "cancelled", "running", "paused", "finished", "cancelled",
    ]  # fmt: skip
    assert answer("awaiting_approval", "run", started=False) == "awaiting_approval"
