"""Who is in which segment: each kind of condition by itself, and looks by the clock against a look on every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.history.days import Counted, MemberDays
from libs.promotions.segments import Segment
from libs.segments.decide import Decided, decide, segments_at, steps
from libs.segments.known import Known, Points, Rules

ROME = ZoneInfo("Europe/Rome")
ANNA = UUID(int=1)
TODAY = date(2024, 5, 15)
LONG = timedelta(days=40)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def bought(day: date, spend: int = 1_000, points: int = 10, **parts: int) -> Counted:
    return Counted(ANNA, day, 1, spend, points, {name.replace("__", ":"): amount for name, amount in parts.items()})


def days(*counted: Counted) -> MemberDays:
    found = MemberDays()
    for one in counted:
        found = found.with_more(one)
    return found


def rules(*conditions: dict[str, Any], side: str = "all") -> Rules:
    segment = {"name": "s", "when": {side: list(conditions)}}
    return Rules((Segment.model_validate(segment),), ROME, "points")


KNOWN = Known(
    enrolled_on=date(2023, 5, 14),
    days=days(
        bought(date(2024, 1, 5), 9_000, 90, category__tea=9_000, store__ROMA=9_000, product__t1=9_000),
        bought(date(2024, 4, 20), 2_000, 20, category__coffee=2_000, store__MILANO=2_000, channel__web=2_000),
        bought(date(2024, 5, 10), 1_000, 5, category__coffee=600, category__tea=400, store__ROMA=1_000),
        Counted(ANNA, date(2024, 5, 11), 0, 0, 7, {"activity:review": 2, "wallet:coins": 7}),
    ),
    tier="gold",
    levels={"status": "gold", "sport": None},
    lists=("press",),
    points=(
        Points("points", 300, noon(date(2024, 1, 5)), noon(date(2024, 6, 30))),
        Points("points", 50, noon(date(2024, 5, 20)), None),
        Points("coins", 7, noon(date(2024, 5, 11)), None),
    ),
    attributes={"language": "it", "children": 2, "newsletter": True},
    birthday=(5, 18),
)

CASES: list[tuple[dict[str, Any], bool]] = [
    ({"kind": "attribute", "name": "language", "one_of": ["it", "de"]}, True),
    ({"kind": "attribute", "name": "children", "at_least": 3}, False),
    ({"kind": "attribute", "name": "newsletter", "is": True}, True),
    ({"kind": "attribute", "name": "pets", "at_least": 0}, False),
    ({"kind": "birthday", "days_before": 3}, True),
    ({"kind": "birthday", "days_before": 2}, False),
    ({"kind": "anniversary", "days_after": 1}, True),
    ({"kind": "anniversary", "days_after": 1, "years": [2]}, False),
    ({"kind": "anniversary"}, False),
    ({"kind": "enrolled", "min_days": 367}, True),
    ({"kind": "enrolled", "max_days": 366}, False),
    ({"kind": "recency", "max_days": 5}, True),
    ({"kind": "recency", "min_days": 6}, False),
    ({"kind": "count", "what": "visits", "min": 3, "max": 3}, True),
    ({"kind": "count", "what": "visits", "within": {"days": 26}, "min": 2}, True),
    ({"kind": "count", "what": "visits", "within": {"days": 25}, "min": 2}, False),
    ({"kind": "count", "what": "visits", "within": {"period": "month"}, "max": 1}, True),
    ({"kind": "count", "what": "visits", "within": {"period": "month", "back": 1}, "min": 1}, True),
    ({"kind": "count", "what": "spend_minor", "min": 12_000}, True),
    ({"kind": "count", "what": "spend_minor", "of": "category", "one_of": ["coffee"], "min": 2_601}, False),
    ({"kind": "count", "what": "spend_minor", "of": "product", "one_of": ["t1", "t2"], "min": 9_000}, True),
    ({"kind": "count", "what": "average_basket_minor", "min": 4_000, "max": 4_000}, True),
    ({"kind": "count", "what": "average_basket_minor", "within": {"days": 1}, "max": 10**6}, False),
    ({"kind": "count", "what": "points", "min": 122}, True),
    ({"kind": "count", "what": "points", "wallets": ["coins"], "max": 7}, True),
    ({"kind": "count", "what": "activities", "one_of": ["review", "quiz"], "min": 2}, True),
    ({"kind": "favourite", "of": "category", "one_of": ["tea"]}, True),
    ({"kind": "favourite", "of": "category", "one_of": ["tea"], "within": {"months": 1}}, False),
    ({"kind": "favourite", "of": "store", "one_of": ["MILANO"], "within": {"days": 3}}, False),
    ({"kind": "share", "of": "store", "one_of": ["ROMA"], "min_percent": 83}, True),
    ({"kind": "share", "of": "store", "one_of": ["ROMA"], "min_percent": 84}, False),
    ({"kind": "share", "of": "channel", "one_of": ["web"], "max_percent": 16}, False),
    ({"kind": "share", "of": "channel", "one_of": ["web"], "max_percent": 17}, True),
    ({"kind": "share", "of": "channel", "one_of": ["web"], "within": {"days": 1}, "max_percent": 100}, False),
    ({"kind": "balance", "min": 300, "max": 349}, True),
    ({"kind": "balance", "wallet": "coins", "min": 8}, False),
    ({"kind": "tier", "one_of": ["gold"]}, True),
    ({"kind": "tier", "set": "sport", "one_of": ["gold"]}, False),
    ({"kind": "list", "one_of": ["press", "staff"]}, True),
]


@pytest.mark.parametrize(("condition", "met"), CASES)
def test_each_condition_by_itself(condition: dict[str, Any], met: bool) -> None:
    found = segments_at(rules(condition), KNOWN, noon(TODAY))
    assert found == ({"s"} if met else frozenset())
    assert segments_at(rules(condition, side="any"), KNOWN, noon(TODAY)) == found
    assert (segments_at(rules(condition, side="none"), KNOWN, noon(TODAY)) == found) is False


def test_all_any_and_none_hold_together_however_deep() -> None:
    gold, web = {"kind": "tier", "one_of": ["gold"]}, {"kind": "list", "one_of": ["web"]}
    press = {"kind": "list", "one_of": ["press"]}
    deep = {"kind": "group", "any": [web, {"kind": "group", "all": [gold], "none": [web]}]}
    when = {"all": [gold, deep], "any": [web, press], "none": [web]}
    rule = Rules((Segment.model_validate({"name": "s", "when": when}),), ROME, "points")
    assert segments_at(rule, KNOWN, noon(TODAY)) == {"s"}
    without = Rules((Segment.model_validate({"name": "s", "when": {**when, "none": [press]}}),), ROME, "points")
    assert segments_at(without, KNOWN, noon(TODAY)) == frozenset()


def test_a_list_is_who_is_on_it() -> None:
    both = tuple(Segment.model_validate({"name": name, "list": True}) for name in ("press", "staff"))
    assert segments_at(Rules(both, ROME, "points"), KNOWN, noon(TODAY)) == {"press"}


def test_nothing_may_be_spent_of_a_wallet_that_owes() -> None:
    owing = Known(date(2024, 1, 1), points=KNOWN.points, owing=("points",))
    assert segments_at(rules({"kind": "balance", "min": 1}), owing, noon(TODAY)) == frozenset()


def test_points_that_become_spendable_and_lapse_are_looked_at_on_time() -> None:
    rich = rules({"kind": "balance", "min": 350})
    found = decide(rich, KNOWN, noon(TODAY), LONG)
    assert found == Decided(frozenset(), noon(date(2024, 5, 20)))
    later = noon(date(2024, 6, 29))
    assert decide(rich, KNOWN, later, LONG) == Decided(frozenset({"s"}), noon(date(2024, 6, 30)))


def test_what_lapses_at_local_midnight_is_looked_at_then() -> None:
    found = decide(rules({"kind": "recency", "max_days": 5}), KNOWN, noon(TODAY))
    assert found == Decided(frozenset({"s"}), datetime(2024, 5, 15, 22, tzinfo=UTC))


def test_steps_name_what_was_left_before_what_was_entered() -> None:
    assert steps({"a", "b"}, {"b", "c"}) == [("a", False), ("c", True)]
    assert steps({"a"}, {"a"}) == []


windows = st.one_of(
    st.none(),
    st.builds(lambda days: {"days": days}, st.integers(1, 40)),
    st.builds(lambda months: {"months": months}, st.integers(1, 3)),
    st.builds(
        lambda period, back: {"period": period, "back": back}, st.sampled_from(["month", "quarter"]), st.integers(0, 2)
    ),
)


def _with(window: dict[str, Any] | None, condition: dict[str, Any]) -> dict[str, Any]:
    return condition if window is None else {**condition, "within": window}


simple = st.one_of(
    st.builds(
        lambda what, least, window: _with(window, {"kind": "count", "what": what, "min": least}),
        st.sampled_from(["visits", "points"]),
        st.integers(1, 4),
        windows,
    ),
    st.builds(
        lambda most, window: _with(window, {"kind": "count", "what": "average_basket_minor", "max": most}),
        st.integers(0, 3),
        windows,
    ),
    st.builds(
        lambda name, window: _with(window, {"kind": "favourite", "of": "category", "one_of": [name]}),
        st.sampled_from(["tea", "coffee"]),
        windows,
    ),
    st.builds(
        lambda percent, window: _with(
            window, {"kind": "share", "of": "store", "one_of": ["ROMA"], "min_percent": percent}
        ),
        st.integers(1, 100),
        windows,
    ),
    st.builds(lambda most: {"kind": "recency", "max_days": most}, st.integers(0, 30)),
    st.builds(lambda least: {"kind": "recency", "min_days": least}, st.integers(0, 30)),
    st.builds(lambda most: {"kind": "enrolled", "max_days": most}, st.integers(0, 120)),
    st.builds(lambda before: {"kind": "birthday", "days_before": before, "days_after": 1}, st.integers(0, 5)),
    st.builds(lambda after: {"kind": "anniversary", "days_after": after}, st.integers(0, 5)),
    st.builds(lambda least: {"kind": "balance", "min": least}, st.integers(0, 6)),
)
groups = st.builds(
    lambda side, conditions: {"kind": "group", side: conditions},
    st.sampled_from(["all", "any", "none"]),
    st.lists(simple, min_size=1, max_size=2),
)
conditions = st.lists(st.one_of(simple, groups), min_size=1, max_size=3)
some_segments = st.builds(
    lambda each: tuple(
        Segment.model_validate({"name": f"s{at}", "when": {side: conditions}})
        for at, (side, conditions) in enumerate(each)
    ),
    st.lists(st.tuples(st.sampled_from(["all", "any", "none"]), conditions), min_size=1, max_size=3),
)
BEGAN = date(2024, 1, 25)
offsets = st.integers(0, 90)
deeds = st.builds(
    lambda offset, spend, category, store, points: Counted(
        ANNA,
        BEGAN + timedelta(offset),
        1,
        spend,
        points,
        {f"category:{category}": spend, f"store:{store}": spend},
    ),
    offsets,
    st.integers(1, 4),
    st.sampled_from(["tea", "coffee"]),
    st.sampled_from(["ROMA", "MILANO"]),
    st.integers(0, 4),
)
lots = st.builds(
    lambda points, since, lasting: Points(
        "points", points, noon(BEGAN + timedelta(since)), noon(BEGAN + timedelta(since + lasting))
    ),
    st.integers(1, 4),
    offsets,
    st.integers(1, 60),
)
born = st.sampled_from([None, (2, 29), (3, 1), (1, 28), (12, 31)])


@settings(deadline=None)
@given(some_segments, st.lists(deeds, max_size=5), st.lists(lots, max_size=2), born, offsets)
def test_nothing_changes_before_it_is_time_to_look_again(
    segments: tuple[Segment, ...],
    done: list[Counted],
    points: list[Points],
    birthday: tuple[int, int] | None,
    offset: int,
) -> None:
    rule = Rules(segments, ROME, "points")
    known = Known(BEGAN, days(*done), points=tuple(points), birthday=birthday)
    now = noon(BEGAN + timedelta(offset))
    here, due_at = decide(rule, known, now, LONG)
    assert now < due_at <= now + LONG
    at = now
    while at < due_at:
        assert segments_at(rule, known, at) == here
        at += timedelta(hours=6)
    assert segments_at(rule, known, due_at - timedelta(seconds=1)) == here
    if due_at < now + LONG:
        assert segments_at(rule, known, due_at) != here


@settings(deadline=None)
@given(
    some_segments,
    st.lists(deeds, min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    born,
    st.lists(st.integers(0, 5 * 24), min_size=1, max_size=5),
)
def test_looks_in_any_order_end_where_a_look_at_everything_ends(
    segments: tuple[Segment, ...],
    done: list[Counted],
    random: Any,
    birthday: tuple[int, int] | None,
    hours: list[int],
) -> None:
    """Deeds are told in any order, some twice, some are taken back and told again; the clock looks when it said."""
    told = [*done, *[each.less() for each in done[:1]], *done[:1]]
    random.shuffle(told)
    rule = Rules(segments, ROME, "points")
    member: frozenset[str] = frozenset()
    changes: dict[str, int] = {}
    now = noon(BEGAN + timedelta(40))
    due_at: datetime | None = None
    known = Known(BEGAN, birthday=birthday)

    def look(at: datetime) -> datetime:
        nonlocal member
        found = decide(rule, known, at, LONG)
        for step in steps(member, found.segments):
            assert step.entered == (changes.get(step.segment, 0) % 2 == 0)
            changes[step.segment] = changes.get(step.segment, 0) + 1
        member = found.segments
        return found.due_at

    for at, one in enumerate(told):
        now += timedelta(hours=hours[at % len(hours)])
        while due_at is not None and due_at <= now:
            due_at = look(due_at)
        known = Known(BEGAN, known.days.with_more(one), birthday=birthday)
        for _ in range(1 + at % 2):
            due_at = look(now)
    whole = Known(BEGAN, days(*done), birthday=birthday)
    assert known.days == whole.days
    assert member == segments_at(rule, whole, now) == decide(rule, whole, now).segments
