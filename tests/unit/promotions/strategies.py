"""Random programmes and receipts, small enough that campaigns often meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from libs.promotions.facts import Line, MemberFacts, Receipt
from tests.unit.promotions.reference import CEL
from tests.unit.promotions.reference_conditions import DAYS
from tests.unit.promotions.reference_payouts import FORMULAS
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
        codes=draw(st.sampled_from(((), ("spring",), ("spring", "vip")))),
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
selections = st.sampled_from(
    (
        {"skus": ["milk"]},
        {"categories": ["dairy", "bakery"]},
        {"brands": ["own"]},
        {"labels": ["bio"], "skus": ["fish"]},
    )
)
further_effects = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("per_amount"), "points": st.integers(1, 9), "per_minor": st.just(100), "wallet": wallets},
        optional={"above_minor": st.integers(0, 900)},
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("per_tier"),
            "tiers": st.just([{"tier": "gold", "points": 4}, {"tier": "silver", "points": 3}]),
            "otherwise": st.integers(0, 2),
            "per_minor": st.sampled_from((None, 70, 200)),
            "phase": st.sampled_from(("base", "addition")),
            "wallet": wallets,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("thresholds"),
            "steps": st.just([{"from_minor": 500, "points": 3}, {"from_minor": 2000, "points": 20}]),
            "wallet": wallets,
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("together"), "points": st.integers(1, 9), "with": selections, "most": st.integers(1, 4)}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("formula"), "cel": st.sampled_from(sorted(FORMULAS)), "most": st.integers(1, 20)}
    ),
)
discounts = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("amount_off"),
            "amount_minor": st.integers(1, 700),
            "per_minor": st.sampled_from((None, 400)),
            "most_minor": st.sampled_from((None, 500)),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("percent_off"), "percent": st.integers(1, 100), "most_minor": st.sampled_from((None, 99))},
        optional={"tiers": st.just([{"tier": "gold", "percent": 7}])},
    ),
    st.just(
        {"kind": "percent_off", "steps": [{"from_quantity": 3, "percent": 10}, {"from_quantity": 8, "percent": 33}]}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("free_shipping"), "label": st.just("local"), "min_minor": st.sampled_from((0, 900))}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("buy_get"),
            "buy": st.integers(1, 3),
            "get": st.integers(1, 2),
            "percent": st.sampled_from((50, 100)),
            "within": st.sampled_from(("selection", "article")),
            "pick": st.sampled_from(("cheapest", "each_group")),
            "most": st.sampled_from((None, 1, 2)),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("buy_get"), "buy": st.integers(1, 3), "of": selections, "percent": st.sampled_from((50, 100))}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("bundle"),
            "items": st.lists(
                st.tuples(selections, st.integers(1, 2)).map(lambda pair: pair[0] | {"quantity": pair[1]}),
                min_size=1,
                max_size=3,
            ),
            "price_minor": st.integers(0, 900),
            "most": st.integers(1, 3),
        }
    ),
)
gifts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("coupon", "lottery_ticket", "sample")),
        "reference": st.sampled_from(("spring", "tea")),
        "per_minor": st.sampled_from((None, 300)),
        "most": st.sampled_from((None, 2)),
    }
)
_UNITS = ({"points": 40}, {"times": 2}, {"discount_minor": 150}, {"order_minor": 4000})
further_limits = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "scope": st.sampled_from(("campaign", "member", "store", "partner")),
                "period": st.sampled_from(("week", "day", "ever")),
            }
        ).flatmap(lambda limit: st.sampled_from([limit | unit for unit in _UNITS])),
        st.sampled_from(({"period": "transaction", "points": 9}, {"period": "transaction", "discount_minor": 80})),
    ),
    max_size=3,
    unique_by=lambda limit: (limit.get("scope", "campaign"), limit["period"], *(limit.keys() - {"scope", "period"})),
)
shared_limits = st.lists(
    st.sampled_from(
        (
            {"period": "transaction", "points": 25},
            {"period": "transaction", "discount_minor": 300},
            {"scope": "member", "period": "week", "points": 60, "wallet": "stars"},
            {"scope": "programme", "period": "ever", "points": 90},
            {"scope": "store", "period": "day", "times": 3},
            {"scope": "partner", "period": "month", "order_minor": 5000},
            {"scope": "programme", "period": "year", "discount_minor": 400},
        )
    ),
    max_size=3,
    unique_by=str,
)
stackings = st.fixed_dictionaries(
    {}, optional={"max_campaigns": st.integers(1, 4), "max_discount_percent": st.sampled_from((0, 10, 50))}
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


def _is_refused(campaign: dict[str, Any], effect: dict[str, Any]) -> bool:
    when = campaign["when"]
    return effect["kind"] == "together" and not any(
        when.get(kind) for kind in ("skus", "categories", "brands", "labels")
    )


@st.composite
def further_campaigns(draw: st.DrawFn, name: str, others: tuple[str, ...]) -> dict[str, Any]:
    """One that may have any effect and any limit, or several of them, and wants or shuns others."""
    campaign: dict[str, Any] = draw(campaigns(name))
    campaign.pop("group", None)
    campaign["mode"] = "all"
    campaign["limits"] = draw(st.just([]) | limits | further_limits)
    if draw(st.integers(0, 3)) == 0:
        campaign |= {"effects": [draw(discounts)], "group": draw(st.sampled_from(("best-off", "worst-off")))}
        campaign["mode"] = campaign["group"].split("-")[0]
    else:
        some_of = st.one_of(effects, further_effects, further_effects, discounts, discounts, gifts)
        campaign["effects"] = draw(st.lists(some_of, min_size=1, max_size=3))
        if draw(st.integers(0, 5)) == 0:
            campaign |= {"group": "firsts", "mode": "first"}
    del campaign["effect"]
    campaign["effects"] = [one for one in campaign["effects"] if not _is_refused(campaign, one)] or [
        {"kind": "fixed", "points": 3}
    ]
    names = st.lists(st.sampled_from(others), unique=True, max_size=2)
    for field in ("excludes", "only_with"):
        if others and draw(st.integers(0, 4)) == 0:
            campaign[field] = draw(names)
    return campaign


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
def documents(draw: st.DrawFn, *, plain: bool = False) -> dict[str, Any]:
    """Any programme; a `plain` one has nothing but one effect in points a campaign, and limits on these."""
    count = draw(st.integers(1, 10))
    expiry = {"kind": "never"}
    names = tuple(f"c{number}" for number in range(count))
    document: dict[str, Any] = {
        "version": 1,
        "zone": draw(st.sampled_from(ZONES)),
        "currency": "USD",
        "wallets": [{"name": "points", "expiry": expiry}, {"name": "stars", "scale": 2, "expiry": expiry}],
        "stores": STORES,
        "rounding": draw(st.sampled_from(("floor", "half_up", "ceil"))),
        "campaigns": [draw(campaigns(name)) for name in names],
    }
    if not plain and draw(st.booleans()):
        others = {name: tuple(other for other in names if other != name) for name in names}
        document["campaigns"] = [draw(further_campaigns(name, others[name]) | campaigns(name)) for name in names]
        document |= {"limits": draw(shared_limits), "stacking": draw(stackings)}
        for campaign in document["campaigns"]:  # multipliers that compound are few by the document's own rule
            for effect in campaign.get("effects", ()):
                effect.pop("compounding", None)
    return document


def counters(document: dict[str, Any], at: datetime) -> st.SearchStrategy[dict[str, int]]:
    """What the counters that the campaigns may ask for have used, some of them."""
    days = {at + timedelta(days=days) for days in (-1, 0, 1)}
    buckets = {"ever"} | {day.strftime(form) for day in days for form in ("%Y", "%Y-%m", "%Y-%m-%d", "%G-W%V")}
    heads = [campaign["id"] + unit for campaign in document["campaigns"] if campaign["limits"] for unit in _HEADS]
    heads += [f"*{unit}" for unit in ("points", "stars", *_HEADS[1:])] if document.get("limits") else []
    suffixes = ("", f"|{MEMBER.member_id}", "|store=1", "|partner=")
    keys = [f"{head}|{bucket}{suffix}" for head in heads for bucket in sorted(buckets) for suffix in suffixes]
    return st.dictionaries(st.sampled_from(keys), st.integers(0, 70)) if keys else st.just({})


_HEADS = ("", "#times", "#discount", "#order")
