"""Where a referral stands, and what both sides should have, as a direct calculation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from libs.promotions.referral import Referral
from libs.referral.decide import (
    Claim,
    Converted,
    Order,
    Rules,
    due_to,
    next_step,
    outcome,
    places,
    suspicions,
)

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PURCHASE = {"kind": "purchase", "at_least_minor": 2_000, "order": 2, "within_days": 10}


def rules(**more: Any) -> Rules:
    document = {
        "when": PURCHASE,
        "referrer": [{"from": 1, "points": 100}, {"from": 3, "points": 150, "wallet": "status"}],
        "friend": {"points": 50, "gifts": [{"kind": "coupon", "reference": "welcome"}]},
    } | more
    return Rules(1, Referral.model_validate(document), ZoneInfo("Europe/Rome"), "points")


def claim(**more: Any) -> Claim:
    known: dict[str, Any] = {"friend": UUID(int=2), "referrer": UUID(int=1), "claimed_at": AT, "version": 1}
    return Claim(**{**known, "enrolled_at": AT, **more})


def order(number: int, amount: int, *, days: float = 1) -> Order:
    return Order(UUID(int=number), AT + days * DAY, amount)


def test_the_nth_purchase_of_enough_converts_whatever_came_first() -> None:
    orders = [order(3, 2_000, days=3), order(1, 1_999), order(2, 5_000, days=2), order(4, 9_000, days=4)]
    stands = outcome(claim(), rules(), orders)
    assert stands == outcome(claim(), rules(), reversed(orders))
    assert (stands.state, stands.converted_at) == ("converted", AT + 3 * DAY)
    assert stands.counted == (UUID(int=2), UUID(int=3))


@pytest.mark.parametrize(
    ("orders", "counted"),
    [
        ([], ()),
        ([order(1, 2_000)], (UUID(int=1),)),
        ([order(1, 2_000), order(2, 2_000, days=10.01)], (UUID(int=1),)),
        ([order(1, 2_000), order(2, 1_999)], (UUID(int=1),)),
    ],
)
def test_it_waits_for_what_it_takes(orders: list[Order], counted: tuple[UUID, ...]) -> None:
    stands = outcome(claim(), rules(), orders)
    assert (stands.state, stands.converted_at, stands.counted) == ("started", None, counted)


def test_a_purchase_of_before_counts_from_when_the_code_was_named() -> None:
    orders = [order(1, 2_000, days=-2), order(2, 2_000, days=-1)]
    assert outcome(claim(), rules(), orders).converted_at == AT


def test_at_enrolment_nothing_more_is_needed() -> None:
    assert outcome(claim(), rules(when={"kind": "enrolment"}), []).converted_at == AT


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"referrer": UUID(int=2)}, "self-referral"),
        ({"tied": True, "word": "release"}, "self-referral"),
        ({"enrolled_at": AT - 31 * DAY}, "not-new"),
        ({"word": "refuse"}, "refused-by-operator"),
    ],
)
def test_what_can_not_count_is_refused(what: dict[str, Any], reason: str) -> None:
    stands = outcome(claim(**what), rules(), [order(1, 2_000), order(2, 2_000)])
    assert (stands.state, stands.reasons, stands.converted_at) == ("refused", (reason,), None)


def test_what_looks_like_abuse_is_held_until_somebody_releases_it() -> None:
    orders = [order(1, 2_000), order(2, 2_000)]
    held = outcome(claim(suspicions=("same-device", "velocity")), rules(), orders)
    assert (held.state, held.reasons) == ("held", ("same-device", "velocity"))
    assert outcome(claim(suspicions=("same-device",), word="release"), rules(), orders).state == "converted"


def test_without_consent_it_is_held_where_it_is_needed() -> None:
    consenting = rules(needs_consent=True)
    assert outcome(claim(), consenting, []).reasons == ("no-consent",)
    assert outcome(claim(consented=True), consenting, []).state == "started"
    assert outcome(claim(), rules(), []).state == "started"


def test_suspicions_are_those_the_programme_asks_for() -> None:
    asking = rules(suspicion={"same": ["device", "household"], "velocity": {"friends": 2, "days": 1}})
    shared = ("household", "address")
    assert suspicions(asking, AT, shared, [AT - DAY, AT]) == ("same-household",)
    assert suspicions(asking, AT, (), [AT - DAY / 2, AT]) == ("velocity",)
    assert suspicions(asking, AT, (), [AT + DAY, AT]) == ()
    assert suspicions(rules(), AT, shared, [AT] * 9) == ()


def converted(friend: int, days: float, how: Rules) -> Converted:
    return Converted(UUID(int=friend), AT + days * DAY, how)


def test_steps_count_friends_in_the_order_of_their_conversion() -> None:
    how = rules()
    found = [converted(friend, days, how) for friend, days in ((9, 3), (8, 1), (7, 2), (6, 4))]
    due = due_to(None, found)
    assert due == due_to(None, reversed(found))
    assert due.points == {"points": 200, "status": 300}
    assert [(each.friend.int, place) for each, place in places(found)] == [(8, 1), (7, 2), (9, 3), (6, 4)]


def test_friends_beyond_a_limit_bring_nothing_and_take_no_place() -> None:
    how = rules(limits=[{"period": "day", "friends": 2}, {"period": "ever", "friends": 3}])
    found = [converted(friend, days, how) for friend, days in ((1, 0), (2, 0.1), (3, 0.2), (4, 1), (5, 2))]
    assert [place for _, place in places(found)] == [1, 2, None, 3, None]


def test_the_friend_gets_a_reward_of_their_own_beside_those_for_friends_they_bring() -> None:
    how = rules()
    due = due_to(converted(2, 1, how), [converted(3, 2, how)])
    assert (due.points, due.gifts) == ({"points": 150}, {("coupon", "welcome"): 1})
    assert due_to(None, []).points == {}


def test_the_next_step_is_told() -> None:
    step = next_step(rules(), 1)
    assert step is not None
    assert (step[0], step[1].points) == (3, 150)
    assert next_step(rules(), 3) is None
