"""Codes that a late cart has again: within what its member may have of their pool, all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from libs.codes.rules import PoolRules
from tests.integration.redemption.stores import SCOPE, START, Stores
from tests.support.database import Database
from tests.support.lives import asked

AGAIN = "SELECT redemption.use_codes_again($1, $2, $3, $4)"
HAS = "SELECT count(*)::int FROM redemption.code_use WHERE member_id = $1 AND returned_at IS NULL"


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    opened = Stores(database)
    yield opened
    opened.close()


@pytest.mark.parametrize("meanwhile", [0, 1])
def test_a_member_has_no_more_of_a_pool_than_it_lets(stores: Stores, meanwhile: int) -> None:
    member = stores.enrol("1")
    ids = stores.pool("late", PoolRules(uses=1, per_member=2), 3)
    whose: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": member}
    uses = []
    for number in (0, 1):
        had = stores.code("redeem", f"use-{number}", **whose, code_id=ids[number])
        uses.append(UUID(orjson.loads(bytes(had.body))["use_id"]))
    for number, use in enumerate(uses):
        stores.code("return", f"back-{number}", use_id=use)
    if meanwhile:
        assert stores.code("redeem", "meanwhile", **whose, code_id=ids[2]).refused is None
    assert stores.ask(AGAIN, SCOPE[0], uses, [uuid4(), uuid4()], START) == [(not meanwhile,)]
    assert stores.ask(HAS, member) == [(1 if meanwhile else 2,)]


@pytest.mark.parametrize(("says", "into"), [("merge", 1), ("merge", 0), ("unmerge", 1)])
def test_members_who_are_one_have_together_no_more_of_a_pool_than_it_lets(stores: Stores, says: str, into: int) -> None:
    """Whether the cart is the survivor's, or the merged one's; what is parted again counts for each alone."""
    members = [stores.enrol(card) for card in "12"]
    ids = stores.pool("late", PoolRules(uses=1, per_member=1), 2)
    had = stores.code("redeem", "use", programme_id=SCOPE[1], member_id=members[0], code_id=ids[0])
    use = UUID(orjson.loads(bytes(had.body))["use_id"])
    stores.code("return", "back", use_id=use)
    other = stores.code("redeem", "meanwhile", programme_id=SCOPE[1], member_id=members[1], code_id=ids[1])
    assert other.refused is None
    stores.tell(asked("M-1", "merge", members[1 - into], to_member_id=str(members[into]), time=START))
    if says == "unmerge":
        stores.tell(asked("U-1", "unmerge", members[1 - into], time=START))
    assert stores.ask(AGAIN, SCOPE[0], [use], [uuid4()], START) == [(says == "unmerge",)]
