"""What follows on redemptions of members who were merged since: points come back, and go to whom the member is now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from libs.codes.rules import PoolRules
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask
from libs.contracts.trades import TradeAsk
from services.redemption import grants
from services.redemption.gifts import gift_of
from tests.integration.redemption.stores import SCOPE, TRADES, Stores, keyed
from tests.support.database import Database
from tests.support.lives import asked
from tests.support.receipts import purchase

MUG: dict[str, Any] = {
    "reference": "mug", "category": "home", "what": {"kind": "merchandise", "article": "A1"},
    "texts": {"en": {"title": "A mug"}}, "prices": [{"name": "standard", "points": 30}],
}  # fmt: skip
KEPT = "SELECT member_id, quantity - cancelled FROM redemption.reward_order ORDER BY asked_at"


@pytest.fixture
def stores(database: Database) -> Iterator[Stores]:
    one = Stores(database)
    yield one
    one.close()


class Family:
    """Ann with 100 points and Cid with 10 share half of each lot; Ben, who is Ann too, has 40."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.ann, self.ben, self.cid = (stores.enrol(card) for card in ("ann", "ben", "cid"))
        for card, minor in (("ann", 10_000), ("ben", 4_000), ("cid", 1_000)):
            stores.tell(purchase(f"R-{card}", minor, card=card, time=stores.clock.now()))
        told = stores.household("found", "found", programme_id=SCOPE[1], member_id=self.ann)
        home = {"household_id": UUID(orjson.loads(bytes(told.body))["household_id"]), "member_id": self.cid}
        assert stores.household("invite", "invite", role="adult", **home).refused is None
        assert stores.household("answer", "answer", accept=True, **home).refused is None

    def spend(self, key: str, member: UUID, points: int, *, household: bool = True) -> str | UUID:
        """Spend so many points; answer with the redemption, or with why not."""
        more: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": member, "points": points, "household": household}
        answer = self.stores.spend("redeem", key, **more)
        return answer.refused or UUID(orjson.loads(bytes(answer.body))["redemption_id"])

    def follow(self, operation: str, key: str, redemption: str | UUID, **told: Any) -> dict[str, Any]:
        """Go on with a redemption."""
        answer = self.stores.spend(operation, key, redemption_id=redemption, **told)
        assert answer.refused is None, answer
        found: dict[str, Any] = orjson.loads(bytes(answer.body))
        return found

    def change(self, what: str, **told: Any) -> None:
        """Merge Ann into Ben, or undo it."""
        self.stores.clock.instant += timedelta(seconds=1)
        applied = self.stores.tell(asked(f"E-{what}", what, self.ann, time=self.stores.clock.now(), **told))
        assert dict(applied.outcomes) == {f"{what}d": 1}

    def left(self) -> list[int]:
        return [sum(lot.remaining for lot in each.lots) for each in self.stores.ledgers([self.ann, self.ben, self.cid])]


def test_a_household_counts_on_and_gives_back_when_a_member_is_merged(stores: Stores) -> None:
    """Half of Ann's lot of 100 is Cid's to spend, whoever Ann becomes, and half of Ben's 40."""
    family = Family(stores)
    first = family.spend("first", family.cid, 50)  # ten of their own, which lapse as the others' do, and 40 of Ann's
    assert family.left() == [60, 40, 0]
    family.change("merge", to_member_id=str(family.ben))
    assert family.left() == [0, 100, 0]
    assert family.spend("too-much", family.cid, 31) == "insufficient-points"
    second = family.spend("second", family.cid, 30)
    assert isinstance(second, UUID), "10 of what was Ann's, and 20 of Ben's"
    assert family.left() == [0, 70, 0]
    told = family.follow("cancel", "back", first, points=45)
    assert (told["restored"], family.left()) == (45, [0, 110, 5])
    assert isinstance(family.spend("third", family.cid, 45), UUID), "what came back may be spent again"
    assert isinstance(family.spend("own", family.ben, 10, household=False), UUID)
    family.follow("cancel", "all", second)
    family.change("unmerge")
    assert sum(family.left()) == 150 - 5 - 45 - 10
    assert stores.flaws() == []


def test_what_a_merged_member_redeemed_comes_back_and_orders_go_on(stores: Stores) -> None:
    family = Family(stores)
    stores.reward(MUG, None)
    wanted = OrderAsk("mug", 1, answers={"pick_up_at": "12"})
    orders = []
    for key in ("order-1", "order-2"):
        answer = stores.spend("redeem", key, programme_id=SCOPE[1], member_id=family.ann, order=wanted)
        orders.append(UUID(orjson.loads(bytes(answer.body))["redemption_id"]))
    plain = family.spend("plain", family.ann, 20, household=False)
    family.change("merge", to_member_id=str(family.ben))
    assert family.left() == [0, 60, 10]
    for number, state in enumerate(("approved", "shipped", "delivered")):
        told = family.follow("advance", f"step-{number}", orders[0], by="operator", order=OrderAsk(state=state))
        assert told["order"]["state"] == state
    assert family.left() == [0, 60, 10], "nothing came back"
    assert family.follow("cancel", "up", orders[1], order=OrderAsk())["order"]["state"] == "cancelled"
    assert family.left() == [0, 90, 10]
    told = family.follow("cancel", "a-part", plain, points=5)
    assert (told["member_id"], told["restored"], family.left()) == (str(family.ann), 5, [0, 95, 10])
    family.change("unmerge")
    assert family.left() == [55, 40, 10], "what came back is the one's whose it was"
    assert family.follow("cancel", "rest", plain)["state"] == "cancelled"
    assert family.left() == [70, 40, 10]
    assert stores.flaws() == []


LIMITED = {
    **TRADES,
    "limits": [{"period": "month", "points": 20, "kinds": ["buy"]}],
}


@pytest.mark.parametrize("at_once", [False, True], ids=["alone", "at-once"])
def test_limits_of_a_member_count_what_a_merged_one_had_until_they_part(database: Database, at_once: bool) -> None:
    """One mug, one code, twenty points bought a month: for Ben and Ann together while they are one."""
    stores = Stores(database, trades=LIMITED)
    family = Family(stores)
    stores.reward(MUG | {"per_member": [{"most": 1, "per": "ever"}]}, None)
    codes = stores.pool("spring", PoolRules(uses=9, per_member=1), 1)

    def refused(key: str, who: UUID) -> list[str | None]:
        whose: dict[str, Any] = {"programme_id": SCOPE[1], "member_id": who}
        wanted = OrderAsk("mug", 1, answers={"pick_up_at": "12"})
        ask = Ask("redeem", SCOPE[0], "till", **keyed(f"mug-{key}"), **whose, order=wanted)
        (mug,) = stores.rush([ask]) if at_once else [stores.again(stores.counter.desk.serve, ask)]
        code = stores.code("redeem", f"code-{key}", code_id=codes[0], **whose)
        trade = stores.spend("buy", f"buy-{key}", **whose, points=15, trade=TradeAsk(paid_minor=30))
        return [mug.refused, code.refused, trade.refused]

    assert refused("1", family.ann) == [None, None, None]
    family.change("merge", to_member_id=str(family.ben))
    assert refused("2", family.ben) == ["reward-limit", "code-not-valid", "trade-limit"]
    family.change("unmerge")
    assert refused("3", family.ben) == [None, None, None]
    assert refused("4", family.ann) == ["reward-limit", "code-not-valid", "trade-limit"]
    assert stores.flaws() == []
    stores.close()


def test_a_gift_to_a_merged_member_is_taken_back_of_whom_they_are_now(stores: Stores) -> None:
    """Their purchase is returned when they are one already, so that it is taken back from the survivor by name."""
    family = Family(stores)
    stores.reward(MUG, None)

    def hear(verb: str, name: str, member: UUID, quantity: int) -> None:
        kind = f"org.pointstream.reward.{verb}.v1"
        given = {
            "member_id": str(member), "kind": "reward", "reference": "mug", "quantity": quantity, "campaign": "spring",
            "cause_source": "/acme/pos", "cause_id": "r1",
        }  # fmt: skip
        told = {"type": kind, "source": "/earning", "id": name, "tenant": "acme", "programme": "main", "data": given}
        gift = gift_of(kind, orjson.dumps(told))
        assert gift is not None
        for _ in range(2):
            stores.run(grants.take(stores.counter.desk, gift, asyncio.Event()))

    hear("granted", "g1", family.ann, 2)
    family.change("merge", to_member_id=str(family.ben))
    hear("revoked", "g2", family.ben, 1)
    assert stores.ask(KEPT) == [(family.ann, 1)]
    hear("granted", "g3", family.ann, 2)
    hear("revoked", "g4", family.ben, 3)
    assert stores.ask(KEPT) == [(family.ann, 0), (family.ben, 0)]
    assert stores.flaws() == []
