"""By how much an event changed somebody's points, whatever moved them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from libs.promotions.pages import LotMade, Moved, StoredDecision
from services.gateway.receipts.explained import brought

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
OPENED = LotMade(3, "points", 250, None, carried=False)


def decided(*moved: Moved, lots: tuple[LotMade, ...] = ()) -> StoredDecision:
    return StoredDecision(
        key=UUID(int=1), source="/acme/pos", id="1", occurred_at=AT, arrived_at=AT, judged_at=AT, outcome="adjusted",
        facts=msgspec.Raw(b"{}"), lots=lots, moved=moved,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "points"),
    [
        (decided(lots=(OPENED,)), 250),
        (decided(Moved(3, "adjust", "points", "adjusted", "active", 250, None), lots=(OPENED,)), 250),
        (decided(Moved(4, "adjust", "points", "active", "adjusted", 40, None)), -40),
        (decided(Moved(5, "reverse", "points", "active", "reversed", 7, 3)), -7),
        (decided(Moved(6, "activate", "points", "pending", "active", 9, None)), 0),
    ],
)
def test_points_given_and_taken_are_told(decision: StoredDecision, points: int) -> None:
    assert brought(decision) == points
