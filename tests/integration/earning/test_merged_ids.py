"""Ids that lead to others, on a real database: a merge by one of them is the other's, and is undone as any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.redemption.stores import START, Stores
from tests.support.database import Database
from tests.support.lives import asked
from tests.support.receipts import purchase

CARDS = "SELECT member_id FROM members.identifier ORDER BY identifier"
MERGES = "SELECT number, cardinality(identifiers) FROM members.merge WHERE member_id = $1 ORDER BY number"
LEFT = "SELECT coalesce(sum(remaining), 0)::int FROM ledger.lot WHERE member_id = $1"


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    opened = Stores(database)
    yield opened
    opened.close()


def test_a_merge_by_an_id_that_leads_to_another_is_undone_and_made_again(stores: Stores) -> None:
    ada, ben, cid = (stores.enrol(card) for card in "123")
    stores.tell(purchase("R-3", 3_000, card="3", time=START))
    stores.tell(asked("M-1", "merge", ben, to_member_id=str(cid), time=START))
    before = stores.ask(CARDS)
    for number in (2, 3):
        stores.tell(asked(f"M-{number}", "merge", ben, to_member_id=str(ada), time=START))
        assert stores.ask(CARDS) == [(ada,)] * 3
        assert stores.ask(LEFT, ada) == [(30,)]
        stores.tell(asked(f"U-{number}", "unmerge", cid, time=START))
        assert stores.ask(CARDS) == before
        assert stores.ask(LEFT, cid) == [(30,)]
    assert stores.ask(MERGES, cid) == [(1, 2), (2, 2)]
    assert stores.flaws() == []
