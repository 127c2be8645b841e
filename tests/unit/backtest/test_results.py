"""What is told of a backtest: numbers, tables that run nothing, pictures that hold what they show."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.backtest.compare import Parting, Tally, Wallet
from libs.backtest.members import write_members
from libs.backtest.picture import by_name, distribution, number, over_time, round_ticks, signed
from libs.backtest.summary import Costs, deciles, direction, histogram, hundredths
from libs.language.spreadsheets import harmless

VALUES = st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=60)


@given(VALUES)
def test_deciles_are_values_by_nearest_rank(values: list[int]) -> None:
    ordered = sorted(values)
    ranks = [max(math.ceil(len(values) * tenth / 10), 1) for tenth in range(11)]
    assert deciles(Counter(values)) == [ordered[rank - 1] for rank in ranks]


@given(VALUES)
def test_a_histogram_holds_everybody_and_meets_at_nothing(values: list[int]) -> None:
    bars = histogram(Counter(values))
    assert sum(count for _, _, count in bars) == len(values)
    assert all(high == low for (_, high, _), (low, _, _) in pairwise(bars))
    assert bars[0][0] <= min(values) <= max(values) < bars[-1][1]
    assert not any(low < 0 < high for low, high, _ in bars[1:-1]), "no bar has both more and less"
    assert len(bars) <= 32


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_ticks_are_few_round_and_hold_the_range(low: int, span: int) -> None:
    ticks = round_ticks(low, low + span)
    assert ticks[0] <= low < low + span <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    (step,) = {b - a for a, b in pairwise(ticks)}
    assert str(step).rstrip("0") in {"1", "2", "5"}


def test_costs_are_exact_and_rounded_once() -> None:
    costs = Costs({"points": Fraction("0.005"), "miles": Fraction("0.01")}, {"points": 0, "miles": 2}, "EUR")
    assert costs.minor({"points": 1}) == 1, "half a cent goes up"
    assert costs.minor({"points": 3, "miles": 50}) == 2
    assert costs.minor({"points": -1, "gems": 7}) == 0
    assert Costs({}, {}, "EUR").minor({"points": 1}) is None
    assert Costs({"points": Fraction(3)}, {"points": 0}, "JPY").minor({"points": 5}) == 15


def test_exact_amounts_are_written_with_two_decimals() -> None:
    assert [hundredths(Fraction(a, 200)) for a in (0, 1, 199, 401, -300)] == ["0.00", "0.01", "1.00", "2.01", "-1.50"]


def test_who_is_better_off() -> None:
    def of(*pairs: tuple[int, int]) -> str:
        wallets = {str(at): Wallet(str(at), a, b) for at, (a, b) in enumerate(pairs)}
        return direction(Tally(UUID(int=1), wallets=wallets))

    assert [of((1, 2)), of((2, 1)), of((1, 1)), of((1, 2), (2, 1)), of()] == [
        "better",
        "worse",
        "same",
        "mixed",
        "same",
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_runs_nothing(text: str) -> None:
    assert harmless(text) == f"'{text}"
    parting = Parting(datetime(2026, 1, 1, tzinfo=UTC), "purchase", "/pos", text, UUID(int=2), ({}, {}), ([], []))
    tally = Tally(UUID(int=1), receipts=1, tiers=[text], parting=parting)
    stream = io.StringIO(newline="")
    write_members(stream, [tally], ["points"], Costs({}, {}, "EUR"))
    (row,) = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    assert (row["parted_id"], row["tiers_b"], row["tiers_recorded"]) == (f"'{text}",) * 3


def test_pictures_are_well_formed_and_tell_their_numbers() -> None:
    rows = [('<b>&"', -500, 1_234), ("2026-02", 0, 0)]
    for picture in (over_time(rows, 2, "by month"), by_name(rows, 2, "by name")):
        told = [each.text for each in ElementTree.fromstring(picture).iter() if each.tag == "title"]
        assert '<b>&", B: 12.34 points' in told
    shown = distribution([(-10, 0, 3), (0, 10, 40)], 0, "who")
    assert "+0" not in shown
    assert "40 members" in shown
    assert [number(1_234_567), number(-5, 2), signed(5), signed(0)] == ["1,234,567", "\u22120.05", "+5", "0"]
