"""Random programmes and receipts, small enough that campaigns often meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from libs.promotions.facts import Line, MemberFacts, Receipt
from tests.unit.promotions.reference import CEL
from tests.unit.promotions.reference_conditions import DAYS
from tests.unit.promotions.strategies_conditions import STORES, extra_conditions

SKUS = ("bread", "milk", "fish")
CATEGORIES = ("bakery", "dairy")
BRANDS = ("own", "other")
LABELS = ("bio", "local")
ZONES = ("UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe")
MEMBER = MemberFacts(UUID(int=7), "gold")

instants = st.datetimes(datetime(2017, 1, 1), datetime(2017, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
members = st.sampled_from((MEMBER, MemberFacts(UUID(int=8), None)))


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(values), unique=True, max_size=2))


lines = st.builds(
    Line,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(-3, 9),
    amount_minor=st.integers(-500, 3000),
    category=st.none() | st.sampled_from(CATEGORIES),
    brand=st.none() | st.sampled_from(BRANDS),
    labels=st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    bought = tuple(draw(st.lists(lines, max_size=6)))
    total = sum(line.amount_minor for line in bought)
    return Receipt(
        currency="USD",
        total_minor=total if bought else draw(st.integers(0, 5000)),
        lines=bought,
        store=draw(st.sampled_from(("1", "2", None))),
        channel=draw(st.sampled_from(("store", "web"))),
        partner=draw(st.sampled_from(("fuel", None))),
        payment=draw(st.sampled_from(("card", None))),
    )


conditions = st.fixed_dictionaries(
    {
        "skus": some(SKUS),
        "categories": some(CATEGORIES),
        "brands": some(BRANDS),
        "labels": some(LABELS),
        "stores": some(("1", "2")),
        "channels": some(("store", "web")),
        "partners": some(("fuel",)),
        "tiers": some(("gold", "silver")),
        "payments": some(("card",)),
    },
    optional={
        "min_total_minor": st.integers(0, 3000),
        "min_quantity": st.integers(0, 6),
        "min_amount_minor": st.integers(0, 2000),
    },
)


@st.composite
def frames(draw: st.DrawFn) -> dict[str, Any]:
    frame: dict[str, Any] = {"weekdays": draw(some(DAYS) | st.just(list(DAYS[:5])))}
    if draw(st.integers(0, 3)) == 0:
        since = draw(instants)
        frame |= {"starts_at": since, "ends_at": since + timedelta(days=draw(st.integers(1, 200)))}
    if draw(st.integers(0, 3)) == 0:
        since_hour, until_hour = draw(st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True))
        frame["hours"] = {"from": f"{since_hour:02}:30", "to": f"{until_hour:02}:15"}
    return frame


wallets = st.sampled_from((None, "points", "stars"))
effects = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("per_amount"),
            "points": st.integers(1, 9),
            "per_minor": st.sampled_from((1, 7, 100, 300)),
            "phase": st.sampled_from(("base", "base", "addition")),
            "wallet": wallets,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("per_quantity"),
            "points": st.integers(1, 9),
            "per": st.integers(1, 3),
            "phase": st.sampled_from(("base", "addition")),
            "wallet": wallets,
        }
    ),
    st.fixed_dictionaries({"kind": st.just("fixed"), "points": st.integers(1, 50), "wallet": wallets}),
    st.fixed_dictionaries(
        {
            "kind": st.just("multiplier"),
            "percent": st.sampled_from((101, 110, 150, 200, 333)),
            "compounding": st.booleans(),
            "wallet": wallets,
        }
    ),
)
limits = st.lists(
    st.fixed_dictionaries(
        {
            "scope": st.sampled_from(("campaign", "member")),
            "period": st.sampled_from(("day", "month", "year", "ever")),
            "points": st.integers(0, 60),
        }
    )
    | st.fixed_dictionaries({"period": st.just("transaction"), "points": st.integers(0, 40)}),
    max_size=2,
    unique_by=lambda limit: (limit.get("scope", "campaign"), limit["period"]),
)


@st.composite
def campaigns(draw: st.DrawFn, name: str) -> dict[str, Any]:
    effect = draw(effects)
    campaign: dict[str, Any] = {
        "id": name,
        "name": name,
        "state": draw(st.sampled_from(("live",) * 6 + ("scheduled", "draft", "paused", "ended"))),
        "priority": draw(st.integers(-1, 1)),
        "frame": draw(st.just({}) | frames()),
        "when": draw(st.just({}) | conditions | extra_conditions),
        "effect": effect,
        "limits": draw(st.just([]) | limits),
    }
    if draw(st.integers(0, 5)) == 0:
        campaign["cel"] = draw(st.sampled_from(sorted(CEL)))
    mode = draw(st.sampled_from(("all",) * 5 + ("first", "best", "best", "worst", "worst", "exclusive")))
    if mode != "all":
        phase = effect.get("phase", effect["kind"])
        kind = "addition" if effect["kind"] == "fixed" else phase
        campaign |= {"group": f"{mode}-{kind}-{effect['wallet'] or 'points'}", "mode": mode}
    return campaign


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 10))
    expiry = {"kind": "never"}
    return {
        "version": 1,
        "zone": draw(st.sampled_from(ZONES)),
        "currency": "USD",
        "wallets": [{"name": "points", "expiry": expiry}, {"name": "stars", "scale": 2, "expiry": expiry}],
        "stores": STORES,
        "rounding": draw(st.sampled_from(("floor", "half_up", "ceil"))),
        "campaigns": [draw(campaigns(f"c{number}")) for number in range(count)],
    }


def counters(document: dict[str, Any], at: datetime) -> st.SearchStrategy[dict[str, int]]:
    """What the counters that the campaigns may ask for have used, some of them."""
    days = {at + timedelta(days=days) for days in (-1, 0, 1)}
    buckets = {"ever"} | {day.strftime(form) for day in days for form in ("%Y", "%Y-%m", "%Y-%m-%d")}
    keys = [
        f"{campaign['id']}|{bucket}{suffix}"
        for campaign in document["campaigns"]
        if campaign["limits"]
        for bucket in sorted(buckets)
        for suffix in ("", f"|{MEMBER.member_id}")
    ]
    return st.dictionaries(st.sampled_from(keys), st.integers(0, 70)) if keys else st.just({})
