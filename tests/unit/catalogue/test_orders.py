"""Orders against a naive model in memory: pieces, points and money add up after every step, whatever is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from libs.catalogue.facts import Asking
from libs.catalogue.flow import STATES, State
from libs.catalogue.kinds.registry import KINDS, kind_of
from libs.catalogue.orders import Back, Order, advanced, cancelled, moves, ordered, stepped, told
from libs.catalogue.placing import Answered, answered, issue, placed
from libs.catalogue.pricing import Price
from libs.catalogue.rows import order_row, read_order
from libs.catalogue.telling import event_data, order_view
from libs.contracts.events import RewardCancelledV1
from tests.support.rewards import WHAT, reward_of

ZONE = ZoneInfo("Europe/Rome")
BEGAN = datetime(2024, 3, 2, 10, tzinfo=UTC)
STOCK = 30


class Shelf(RuleBasedStateMachine):
    """One shelf of pieces, from which orders of all kinds take."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGAN
        self.free, self.reserved, self.used = STOCK, 0, 0
        self.lost = 0
        self.orders: dict[UUID, Order] = {}
        self.points: dict[UUID, int] = {}

    def _moved(self, before: Order | None, after: Order) -> None:
        move = moves(before, after)
        self.free += move.left
        self.reserved += move.reserved
        self.used += move.used
        self.orders[after.order_id] = after

    @rule(kind=st.sampled_from(sorted(KINDS)), quantity=st.integers(1, 4), each=st.integers(0, 999))
    def hold(self, kind: str, quantity: int, each: int) -> None:
        if self.free < quantity:
            return
        reward = reward_of(kind, stock="global", in_total={"most": 99})
        said = answered(reward, WHAT[kind][1])
        assert isinstance(said, Answered)
        name = UUID(int=len(self.orders) + 1)
        price = Price("standard", each * quantity, None, 7 * quantity, "EUR")
        order = placed(reward, 1, name, price, Asking(quantity=quantity), said, self.now, ZONE)
        order = stepped(order, "held", self.now, "member")
        assert told(None, order) == ("held",)
        self._moved(None, order)
        self.points[name] = price.points

    def _some(self, data: st.DataObject, *states: State) -> Order | None:
        found = [order for order in self.orders.values() if not states or order.state in states]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), over=st.booleans())
    def let_go(self, data: st.DataObject, over: bool) -> None:
        order = self._some(data, "held")
        if order is not None:
            after = stepped(order, "expired" if over else "released", self.now, "member")
            assert told(order, after) == (("expired",) if over else ("cancelled",))
            self._moved(order, after)
            self.points[order.order_id] = 0

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        order = self._some(data, "held")
        if order is not None:
            reward = reward_of(order.kind)
            issued = issue(reward, order.order_id, order.quantity, b"k" * 20, self.now, ZONE)
            after = ordered(order, kind_of(reward.what).flow(reward.what), issued, self.now)
            assert "redeemed" in told(order, after)
            self._moved(order, after)

    @rule(data=st.data(), pieces=st.one_of(st.none(), st.integers(1, 4)), by=st.sampled_from(["member", "operator"]))
    def give_up(self, data: st.DataObject, pieces: int | None, by: str) -> None:
        order = self._some(data)
        if order is not None:
            reward = reward_of(order.kind)
            flow = kind_of(reward.what).flow(reward.what)
            done = cancelled(order, flow, pieces, self.now, ZONE, "member" if by == "member" else "operator")
            self._came_back(order, done, restocks=flow.restocks)

    @rule(data=st.data(), state=st.sampled_from(STATES))
    def go_on(self, data: st.DataObject, state: State) -> None:
        order = self._some(data)
        if order is not None:
            reward = reward_of(order.kind)
            flow = kind_of(reward.what).flow(reward.what)
            done = advanced(order, flow, state, self.now, "partner", None, "T-1")
            self._came_back(order, done, restocks=flow.restocks and state == "returned")

    def _came_back(self, order: Order, done: Back | str, *, restocks: bool) -> None:
        if isinstance(done, str):
            return
        self.lost += 0 if restocks else done.order.cancelled - order.cancelled
        self._moved(order, done.order)
        self.points[order.order_id] -= done.points
        view = order_view(UUID(int=9), done.order, kind_of(reward_of(order.kind).what).flow(reward_of(order.kind).what))
        assert view.state == done.order.state
        assert event_data("m", done.order).keys() == RewardCancelledV1.model_fields.keys()

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @precondition(lambda self: self.orders)
    @invariant()
    def adds_up(self) -> None:
        kept = [order for order in self.orders.values() if order.state not in ("released", "expired")]
        assert self.free >= 0
        assert self.reserved == sum(order.quantity for order in kept if order.state == "held")
        assert self.used == sum(order.kept for order in kept)
        gone = sum(order.kept for order in kept if order.state != "held")
        assert self.free + self.reserved + gone + self.lost == STOCK
        for order in self.orders.values():
            assert 0 <= order.restocked <= order.cancelled <= order.quantity
            assert order.money_back <= order.price.money_minor
            if order.state not in ("released", "expired"):
                assert self.points[order.order_id] == order.price.points - order.points_back >= 0
            assert moves(order, order) == (0, 0, 0), "what is told twice moves nothing"
            assert [step.number for step in order.steps] == list(range(1, len(order.steps) + 1))

    def teardown(self) -> None:
        for order in self.orders.values():
            name = (1, 1, UUID(int=9))
            told_again = read_order(orjson.dumps(order_row(name, order), default=str), order.steps)
            assert told_again == (name, order), "a row is the order"


Shelf.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
test_orders_add_up = Shelf.TestCase
