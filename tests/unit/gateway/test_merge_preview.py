"""What is shown before two members are merged."""

from __future__ import annotations

from uuid import UUID

from libs.ledger.evolve import replay
from libs.ledger.model import Kind
from services.gateway.members.merge_views import preview
from services.gateway.store import Member
from tests.unit.ledger.build import MEMBER, credit, day, move

OTHER = UUID("018f3c1a-0000-7000-8000-000000000002")


def member(member_id: UUID) -> Member:
    return Member(1, "main", "UTC", member_id, None, day(0), 0, ())


def test_what_is_held_does_not_go_over_and_stands_in_the_way() -> None:
    held = move(2, Kind.HOLD, "active>held", {1: 20}, at=2)
    free, keeps = replay(MEMBER, [credit(1, 50)]), replay(OTHER, [credit(1, 5)])
    seen = preview(member(MEMBER), member(OTHER), free, keeps, day(3))
    assert seen.obstacle is None
    assert [(each.active, each.after) for each in seen.wallets] == [(50, 55)]
    seen = preview(member(MEMBER), member(OTHER), replay(MEMBER, [credit(1, 50), held]), keeps, day(3))
    assert seen.obstacle is not None
    assert seen.obstacle.code == "points-held"
    assert [(each.active, each.after) for each in seen.wallets] == [(30, 5)]
