"""Random conditions and frames beyond the plain ones, few at a time so that they are often met."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from libs.promotions.facts import MemberFacts
from libs.promotions.history import History, HistoryDay, same_day
from tests.unit.promotions.reference_conditions import DAYS, RULES

STORES: list[dict[str, Any]] = [
    {"id": "1", "country": "IT", "region": "north", "labels": ["big"]},
    {"id": "2", "country": "IT", "region": "south", "labels": ["big", "new"]},
    {"id": "3", "country": "CH", "region": "north"},
]
near_days = st.dates(date(2017, 2, 24), date(2017, 3, 4)) | st.dates(date(2017, 12, 28), date(2018, 1, 3))
"""Around the end of February and of the year, so that days of documents, members and receipts often meet."""

near_instants = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    near_days,
    st.integers(0, 24 * 60 - 1),
)
LEAP = date(2016, 2, 29)
days = near_days | st.dates(date(2017, 1, 1), date(2017, 12, 31))
around = st.integers(0, 3)


def of(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=1, max_size=2)


def bounds(low: int, high: int, least: str = "min", most: str = "max") -> st.SearchStrategy[dict[str, int]]:
    def named(pair: tuple[int, int], kind: int) -> dict[str, int]:
        one, other = sorted(pair)
        return [{least: one}, {most: other}, {least: one, most: other}][kind]

    pairs = st.tuples(st.integers(low, high), st.integers(low, high))
    return st.builds(named, pairs, st.integers(0, 2))


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """All parts as one; bounds that two of them gave are put in order."""
    found = {key: value for part in parts for key, value in part.items()}
    for least, most in [(key, f"max_{key[4:]}") for key in found if key.startswith("min_")]:
        if most in found and found[least] > found[most]:
            found[least], found[most] = found[most], found[least]
    return found


def some_of(*strategies: st.SearchStrategy[dict[str, Any]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(st.one_of(strategies), min_size=1, max_size=most).map(merged)


def one(key: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: value})


windows = st.one_of(
    one("days", st.sampled_from((1, 7, 30, 90))),
    one("months", st.integers(1, 4)),
    st.fixed_dictionaries(
        {"period": st.sampled_from(("month", "quarter", "half_year", "year")), "back": st.integers(0, 2)}
    ),
)
line_parts = some_of(
    one("skus", of(("bread", "milk"))),
    one("categories", of(("bakery", "dairy"))),
    one("labels", of(("bio",))),
    one("not_brands", of(("own", "other"))),
    one("not_labels", of(("local",))),
    bounds(0, 900, "min_price_minor", "max_price_minor"),
    bounds(0, 4, "min_pieces", "max_pieces"),
    most=2,
)
totals = some_of(
    one("min_lines", st.integers(1, 3)),
    one("min_quantity", st.integers(0, 5)),
    one("min_amount_minor", st.just(700)),
    most=2,
)
lines_conditions = st.one_of(
    line_parts,
    st.builds(lambda part, total: part | total, line_parts, totals),
    st.builds(lambda part, match: part | {"match": match}, line_parts, st.sampled_from(("every", "none"))),
)
facts = st.one_of(
    st.fixed_dictionaries({"name": st.just("language"), "one_of": of(("de", "it"))}),
    st.builds(lambda bound: {"name": "children"} | bound, bounds(0, 3, "at_least", "at_most")),
    st.fixed_dictionaries({"name": st.just("newsletter"), "is": st.booleans()}),
)
around_days = st.fixed_dictionaries({}, optional={"days_before": around, "days_after": around})
member_kinds = (
    one("attributes", st.lists(facts, min_size=1, max_size=2, unique_by=lambda fact: fact["name"])),
    one("birthday", around_days),
    one(
        "anniversary",
        st.builds(lambda days, years: days | years, around_days, st.sampled_from(({}, {"years": [1, 2]}))),
    ),
    one("enrolled", bounds(0, 500, "min_days", "max_days")),
    one("last_purchase", bounds(0, 60, "min_days", "max_days")),
    one("nth_purchase", st.sampled_from(({"numbers": [1]}, {"numbers": [2, 5]}, {"every": 3}))),
    one(
        "history",
        st.lists(
            st.one_of(
                st.builds(
                    lambda count, bound, window: {"count": count} | bound | window,
                    st.sampled_from(("visits", "redemptions")),
                    bounds(0, 5),
                    st.just({}) | one("within", windows),
                ),
                st.builds(
                    lambda bound, window, category: {"count": "spend_minor"} | bound | window | category,
                    bounds(0, 5_000),
                    st.just({}) | one("within", windows),
                    st.just({}) | one("category", st.sampled_from(("bakery", "dairy"))),
                ),
            ),
            min_size=1,
            max_size=2,
        ),
    ),
)
member_conditions = some_of(*member_kinds, most=2)
condition_kinds = (
    bounds(0, 4000, "min_total_minor", "max_total_minor"),
    bounds(0, 8, "min_quantity", "max_quantity"),
    bounds(0, 3000, "min_amount_minor", "max_amount_minor"),
    bounds(0, 5, "min_lines", "max_lines"),
    bounds(0, 900, "min_price_minor", "max_price_minor"),
    one("not_skus", of(("bread", "fish"))),
    one("not_categories", of(("bakery",))),
    one("not_brands", of(("own",))),
    one("not_labels", of(("bio", "local"))),
    one("only_line", st.sampled_from(("cheapest", "dearest"))),
    one("lines", st.lists(lines_conditions, min_size=1, max_size=2)),
    one("not_stores", of(("1", "2"))),
    one("not_channels", of(("store", "web"))),
    one("not_partners", of(("fuel",))),
    one("not_tiers", of(("gold",))),
    one("not_payments", of(("card",))),
    one("codes", of(("spring", "vip"))),
    one("not_codes", of(("spring",))),
    one("countries", of(("IT",))),
    one("regions", of(("north", "south"))),
    one("store_labels", of(("big",))),
    one("segments", of(("vip", "new"))),
    one("not_segments", of(("vip",))),
    one("lists", of(("staff", "friends"))),
    one("not_lists", of(("staff",))),
    *(one("member", kind) for kind in member_kinds),
)
extra_conditions = some_of(*condition_kinds, most=2)

ranges = st.builds(
    lambda first, length: {"first_day": str(first)} | ({"last_day": str(first + timedelta(length))} if length else {}),
    days,
    st.integers(0, 2) | st.integers(3, 90),
)
holidays = st.builds(
    lambda dates, before, after: {
        "country": "IT",
        "first_year": 2017,
        "last_year": 2017,
        "dates": sorted(map(str, dates)),
        "days_before": before,
        "days_after": after,
    },
    st.lists(days, unique=True, max_size=12),
    around,
    around,
)


@st.composite
def weekly_hours(draw: st.DrawFn) -> dict[str, Any]:
    since, until = draw(st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True))
    return {"from": f"{since:02}:30", "to": f"{until:02}:15", "weekdays": draw(st.just([]) | of(DAYS))}


frame_kinds = (
    one("windows", st.lists(weekly_hours(), min_size=1, max_size=3)),
    one("days", st.lists(ranges, min_size=1, max_size=4)),
    one(
        "recurrence",
        st.lists(
            st.fixed_dictionaries({"rule": st.sampled_from(sorted(RULES)), "first_day": st.just("2017-01-02")}),
            min_size=1,
            max_size=2,
        ),
    ),
    one("holidays", st.lists(holidays, min_size=1, max_size=2)),
    one("blackouts", st.lists(ranges, min_size=1, max_size=3)),
    one("not_holidays", st.lists(holidays, min_size=1, max_size=2)),
)
extra_frames = some_of(*frame_kinds, most=2)

history_days = st.builds(
    HistoryDay,
    days,
    st.integers(0, 2),
    st.integers(-200, 3000),
    st.integers(0, 40),
    st.dictionaries(st.sampled_from(("bakery", "dairy")), st.integers(-100, 2000)).map(
        lambda found: tuple(found.items())
    ),
    st.integers(0, 1),
)


def history_of(done: list[HistoryDay]) -> History:
    history = History()
    for each in done:
        history = history.added(each)
    return history


known_members = st.builds(
    MemberFacts,
    st.just(UUID(int=7)),
    st.sampled_from(("gold", None)),
    st.none() | st.lists(history_days, max_size=12).map(history_of),
    st.none() | st.sets(st.sampled_from(("vip", "new"))).map(lambda names: tuple(sorted(names))),
    st.none() | st.sets(st.sampled_from(("staff", "friends"))).map(lambda names: tuple(sorted(names))),
    st.none()
    | st.fixed_dictionaries(
        {},
        optional={
            "language": st.sampled_from(("de", "it", "fr")),
            "children": st.integers(0, 3) | st.just("two") | st.just(True),
            "newsletter": st.booleans(),
        },
    ),
    st.none() | near_days.map(lambda day: (day.month, day.day)) | st.just((2, 29)),
    st.none() | st.builds(lambda day, years: same_day(day, -12 * years), near_days, st.integers(0, 3)) | st.just(LEAP),
)
