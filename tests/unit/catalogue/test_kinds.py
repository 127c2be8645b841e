"""One behaviour suite for all sixteen kinds: what each asks for, how its orders go, and when they are given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from libs.catalogue.facts import Asking, MemberFacts, Supply
from libs.catalogue.flow import FULFILLED, STATES, Flow, State, may_cancel
from libs.catalogue.kinds.registry import KINDS, kind_of
from libs.catalogue.offering import offer
from libs.catalogue.orders import Back, Order, advanced, cancelled, ordered
from libs.catalogue.placing import Answered, Unanswered, answered, issue, placed
from libs.catalogue.pricing import Price
from libs.catalogue.reward import Reward, parse_reward, reward_document
from tests.support.rewards import WHAT, reward_of

NOW = datetime(2024, 3, 2, 10, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
ORDER = UUID(int=4711)
AT_ONCE = {"gift_card", "discount", "status", "charity", "training", "access", "digital", "referral", "personalised"}
USABLE = AT_ONCE | {"experience"}
KIND = pytest.mark.parametrize("kind", KINDS)


def flow_of(reward: Reward) -> Flow:
    return kind_of(reward.what).flow(reward.what)


def ordered_one(kind: str, quantity: int = 1) -> tuple[Reward, Order]:
    """An order of the kind, of 100 points and 1.00 a piece."""
    reward = reward_of(kind)
    said = answered(reward, WHAT[kind][1])
    assert isinstance(said, Answered), said
    price = Price("standard", 100 * quantity, None, 100 * quantity, "EUR")
    held = placed(reward, 1, ORDER, price, Asking(quantity=quantity), said, NOW, ROME)
    return reward, ordered(held, flow_of(reward), issue(reward, ORDER, quantity, b"k" * 20, NOW, ROME), NOW)


def ways(flow: Flow, state: State, seen: frozenset[State] = frozenset()) -> set[State]:
    """All states that an order can come to from a state."""
    found = {state}
    for after in flow.steps.get(state, ()):
        assert after not in seen, "no order goes round in circles"
        found |= ways(flow, after, seen | {state})
    return found


def test_there_are_sixteen() -> None:
    assert len(KINDS) == 16
    assert KINDS.keys() == WHAT.keys()


@KIND
def test_it_is_the_same_written_and_read_again(kind: str) -> None:
    reward = reward_of(kind)
    assert parse_reward(reward_document(reward)) == reward
    assert reward.what.kind == kind


@KIND
def test_what_it_asks_for_must_be_answered(kind: str) -> None:
    reward, answers = reward_of(kind), WHAT[kind][1]
    assert isinstance(answered(reward, answers | {"nonsense": 1}), Unanswered)
    said = answered(reward, answers)
    assert isinstance(said, Answered)
    assert not set(said.plain) & kind_of(reward.what).personal, "what is personal is sealed"
    assert set(said.personal) <= kind_of(reward.what).personal
    if answers:
        assert isinstance(answered(reward, {}), Unanswered)


@KIND
def test_every_state_leads_to_an_end_and_can_be_reached(kind: str) -> None:
    flow = flow_of(reward_of(kind))
    assert ways(flow, flow.first) == flow.states
    assert flow.states <= set(STATES)
    assert flow.states & FULFILLED or "booked" in flow.states
    assert flow.cancelling.states <= flow.states


@KIND
def test_an_electronic_one_is_usable_at_once(kind: str) -> None:
    reward, order = ordered_one(kind, quantity=2)
    assert flow_of(reward).electronic == (kind in AT_ONCE)
    assert len(order.issued) == (2 if kind in USABLE else 0)
    if kind not in ("status", "charity"):
        assert len({each.value for each in order.issued}) == len(order.issued), "no two pieces share a code"
    again = issue(reward, ORDER, 2, b"k" * 20, NOW, ROME)
    assert again == order.issued, "a repeat issues the same"
    other = issue(reward, UUID(int=1), 2, b"K" * 20, NOW, ROME)
    assert kind not in USABLE - {"status", "charity"} or not {*other} & {*again}


@KIND
def test_who_gives_up_a_piece_and_then_the_rest_has_everything_back_or_a_reason(kind: str) -> None:
    reward, order = ordered_one(kind, quantity=3)
    flow = flow_of(reward)
    verdict = may_cancel(flow, order.state, "member", NOW, order.starts_on, NOW, ROME)
    first = cancelled(order, flow, 1, NOW, ROME, "member")
    if verdict.refused is not None:
        assert first == verdict.refused == "cancel-too-late"
        assert kind in ("status", "charity")
        return
    assert isinstance(first, Back)
    assert (first.points, first.money_minor, first.order.state) == (100, 100, order.state)
    assert cancelled(first.order, flow, 3, NOW, ROME, "member") == "quantity-exceeded"
    rest = cancelled(first.order, flow, None, NOW, ROME, "member")
    assert isinstance(rest, Back)
    assert (rest.points, rest.order.state, rest.order.points_back) == (200, "cancelled", 300)
    assert rest.order.restocked == (3 if flow.restocks else 0)
    assert cancelled(rest.order, flow, None, NOW, ROME, "operator") == "order-ended"


@KIND
def test_an_operator_can_always_give_all_back(kind: str) -> None:
    reward, order = ordered_one(kind)
    later = NOW + timedelta(days=400)
    back = cancelled(order, flow_of(reward), None, later, ROME, "operator")
    assert isinstance(back, Back)
    assert (back.points, back.money_minor, back.order.state) == (100, 100, "cancelled")


@KIND
def test_it_goes_its_way_and_no_other(kind: str) -> None:
    reward, order = ordered_one(kind)
    flow = flow_of(reward)
    for state in STATES:
        went = advanced(order, flow, state, NOW, "partner", None, None)
        if state == order.state:
            assert isinstance(went, Back)
            assert went.order == order, "told twice it counts once"
        elif state in flow.steps.get(order.state, ()):
            assert isinstance(went, Back)
            assert went.order.state == state
            gives_back = state in ("returned", "failed")
            assert went.points == (100 if gives_back else 0)
            assert went.order.restocked == (1 if state == "returned" and flow.restocks else 0)
        else:
            assert went == "step-not-possible"


def test_whoever_it_is_not_for_is_told_so() -> None:
    supply, asking = Supply(), Asking()
    rich = MemberFacts(spendable={"": 1_000})
    barred = {
        kind: [reason.code for reason in offer(reward_of(kind), rich, asking, supply, NOW, ROME).reasons]
        for kind in KINDS
    }
    assert {kind: codes for kind, codes in barred.items() if codes} == {
        "referral": ["referrals-needed"],
        "personalised": ["not-for-you"],
    }
    known = MemberFacts(spendable={"": 1_000}, referrals=2, bought={"home": 1})
    for kind in ("referral", "personalised"):
        assert offer(reward_of(kind), known, asking, supply, NOW, ROME).in_reach


@pytest.mark.parametrize(
    ("kind", "days", "percent"),
    [
        ("experience", 10, 100),
        ("experience", 6, 50),
        ("experience", 1, 0),
        ("travel", 31, 100),
        ("travel", 20, 80),
        ("travel", 5, 50),
        ("travel", 2, 0),
    ],
)
def test_the_closer_the_day_the_less_comes_back(kind: str, days: int, percent: int) -> None:
    reward, order = ordered_one(kind)
    assert order.starts_on is not None
    now = datetime.combine(order.starts_on, datetime.min.time(), UTC) - timedelta(days=days)
    back = cancelled(order, flow_of(reward), None, now, ROME, "member")
    assert isinstance(back, Back)
    assert (back.points, back.money_minor) == (percent, percent)


@pytest.mark.parametrize("days", [6, 10])
def test_of_a_part_of_the_price_no_less_comes_back_piece_by_piece(days: int) -> None:
    """Three at 5 points and 0.03: half of it is rounded once, on all that came back, and not for each piece."""
    reward, order = ordered_one("experience", 3)
    order = replace(order, price=Price("standard", 15, None, 9, "EUR"))
    assert order.starts_on is not None
    now = datetime.combine(order.starts_on, datetime.min.time(), UTC) - timedelta(days=days)
    whole = cancelled(order, flow_of(reward), None, now, ROME, "member")
    assert isinstance(whole, Back)
    points = money = 0
    for _ in range(3):
        part = cancelled(order, flow_of(reward), 1, now, ROME, "member")
        assert isinstance(part, Back)
        order, points, money = part.order, points + part.points, money + part.money_minor
    assert (points, money) == (whole.points, whole.money_minor) == ((7, 4) if days == 6 else (15, 9))


@pytest.mark.parametrize("kind", ["experience", "travel"])
def test_what_has_begun_is_not_given_up(kind: str) -> None:
    reward, order = ordered_one(kind)
    assert order.starts_on is not None
    begun = datetime.combine(order.starts_on, datetime.min.time(), UTC)
    assert cancelled(order, flow_of(reward), None, begun, ROME, "member") == "cancel-too-late"
