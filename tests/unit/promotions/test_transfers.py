"""Limits of transfers: who is held to which, and what they count."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from libs.ledger.zones import load_zone
from libs.promotions.transfers import TransferLimit, Transfers, counted, passes

ANN, ROME = UUID(int=5), load_zone("Europe/Rome")
LATE = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)  # the first of April in Rome
TERMS = Transfers(
    limits=(
        TransferLimit(period="day", points=40),
        TransferLimit(period="day", points=90, tiers=("gold",)),
        TransferLimit(period="month", times=2, reasons=("gift",)),
        TransferLimit(period="ever", points=500, tiers=("basic",)),
    )
)


def test_each_limit_has_a_counter_in_the_zone_of_the_programme() -> None:
    uses = list(counted(TERMS, ANN, "gift", 30, "gold", LATE, ROME))
    assert [(each.key, each.amount, each.most) for each in uses] == [
        (f"~given:*|2024-04-01|{ANN}", 30, 40),
        (f"~given:gift#times|2024-04|{ANN}", 1, 2),
        (f"~given:*|ever|{ANN}", 30, None),
    ]
    assert not passes(uses, {})
    assert passes(uses, {f"~given:*|2024-04-01|{ANN}": 11})
    assert not passes(uses, {f"~given:*|ever|{ANN}": 9_999}), "a limit for others holds nobody back, but counts"
    assert [each.most for each in counted(TERMS, ANN, "household", 30, "basic", LATE, ROME)] == [40, 500]


def test_a_limit_says_how_much() -> None:
    with pytest.raises(ValidationError, match="either points or times"):
        TransferLimit(period="day")
