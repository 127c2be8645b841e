"""The coupon campaigns of the demo's real receipts, as campaigns: what they give is what plain lines of Python say.

The data set tells of 27 campaigns when each ran, which households were sent it, and the products of its coupons. What
a coupon was worth it does not tell, so each of its three types stands for another kind of incentive: type A for three
points a dollar on the products, 200 a household at most; B for 50 points a day; C for a dollar off them, once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from pyarrow import parquet

from deploy.embedded.receipts import member_of
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import Line, MemberFacts, Receipt
from tests.e2e.by_hand import FOLDER, baskets, cents

MARCH, MAY, YEAR_END = (
    datetime(2017, 3, 1, tzinfo=UTC),
    datetime(2017, 5, 1, tzinfo=UTC),
    datetime(2018, 1, 2, tzinfo=UTC),
)
DAY = timedelta(days=1)
BENEFITS: dict[str, dict[str, Any]] = {
    "Type A": {
        "effect": {"kind": "per_amount", "points": 3, "per_minor": 100},
        "limits": [{"scope": "member", "period": "ever", "points": 200}],
    },
    "Type B": {
        "effect": {"kind": "fixed", "points": 50},
        "limits": [{"scope": "member", "period": "day", "times": 1}],
    },
    "Type C": {
        "effect": {"kind": "amount_off", "amount_minor": 100},
        "limits": [{"scope": "member", "period": "ever", "times": 1}],
    },
}


class Coupons(NamedTuple):
    """A real campaign: its type, its days, the products of its coupons, and the households that were sent it."""

    type: str
    first: date
    last: date
    products: frozenset[int]
    households: frozenset[int]


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(FOLDER / f"{name}.parquet").to_pylist()
    return found


def real_campaigns() -> dict[int, Coupons]:
    products, households = defaultdict(set), defaultdict(set)
    for row in rows("coupons"):
        products[row["campaign_id"]].add(row["product_id"])
    for row in rows("campaigns"):
        households[row["campaign_id"]].add(row["household_id"])
    return {
        row["campaign_id"]: Coupons(
            row["campaign_type"],
            row["start_date"].date(),
            row["end_date"].date(),
            frozenset(products[row["campaign_id"]]),
            frozenset(households[row["campaign_id"]]),
        )
        for row in rows("campaign_descriptions")
    }


def compiled(campaigns: dict[int, Coupons]) -> CompiledProgramme:
    """The same as a programme; more products than a condition holds are several campaigns' worth of labels."""
    document = {
        "version": 1,
        "zone": "UTC",
        "currency": "USD",
        "rounding": "floor",
        "wallets": [{"name": "points", "expiry": {"kind": "never"}}],
        "campaigns": [
            {
                "id": f"coupons-{number}",
                "name": f"{each.type} {number}",
                "state": "live",
                "frame": {"days": [{"first_day": str(each.first), "last_day": str(each.last)}]},
                "when": {"labels": [f"coupons-{number}"], "lists": [f"sent-{number}"]},
                **BENEFITS[each.type],
            }
            for number, each in campaigns.items()
        ],
    }
    return compile_programme(parse_programme(document))


class Given(NamedTuple):
    """What a household got: points, and cents off."""

    points: int = 0
    off: int = 0


def by_engine(campaigns: dict[int, Coupons], receipts: list[list[dict[str, Any]]]) -> dict[int, Given]:
    programme, used = compiled(campaigns), Counter[str]()
    labels, lists = defaultdict(list), defaultdict(set)
    for number, each in campaigns.items():
        for product in each.products:
            labels[product].append(f"coupons-{number}")
        for household in each.households:
            lists[household].add(f"sent-{number}")
    given: dict[int, Given] = defaultdict(Given)
    for lines in receipts:
        household, at = lines[0]["household_id"], lines[0]["transaction_timestamp"]
        bought = tuple(
            Line(str(line["product_id"]), line["quantity"], cents(line), labels=tuple(labels[line["product_id"]]))
            for line in lines
        )
        receipt = Receipt("USD", sum(line.amount_minor for line in bought), bought)
        found = evaluate(programme, receipt, MemberFacts(member_of(household), lists=lists[household]), at, used)
        for use in found.uses:
            used[use.key] += use.points
        points, off = given[household]
        points += sum(grant.points for grant in found.grants)
        given[household] = Given(points, off + sum(discount.amount_minor for discount in found.discounts))
    return {household: each for household, each in given.items() if any(each)}


def by_hand(campaigns: dict[int, Coupons], receipts: list[list[dict[str, Any]]]) -> dict[int, Given]:
    """Nothing of the engine. A receipt's hundredths of points are rounded together; below a point they use no limit."""
    left = dict.fromkeys(((n, h) for n, each in campaigns.items() for h in each.households), 200)
    came: set[tuple[int, int, date]] = set()
    took: set[tuple[int, int]] = set()
    total: dict[int, Given] = defaultdict(Given)
    for lines in receipts:
        household, day = lines[0]["household_id"], lines[0]["transaction_timestamp"].date()
        hundredths = off = 0
        used: list[tuple[tuple[int, int], int]] = []
        for number, amounts in chosen(campaigns, lines):
            spent, name = sum(amounts), (number, household)
            match campaigns[number].type:
                case "Type A" if spent > 0:
                    exact = min(3 * spent, 100 * left[name])
                    hundredths += exact
                    used.append((name, -(-exact // 100)))
                case "Type B" if (*name, day) not in came:
                    came.add((*name, day))
                    hundredths += 5_000
                case "Type C" if name not in took and spent > 0:
                    took.add(name)
                    off += min(100, spent)
        for name, points in used if hundredths >= 100 or off else ():
            left[name] -= points
        total[household] = Given(total[household].points + hundredths // 100, total[household].off + off)
    return {household: each for household, each in total.items() if any(each)}


def chosen(campaigns: dict[int, Coupons], lines: list[dict[str, Any]]) -> Iterator[tuple[int, list[int]]]:
    """The campaigns that a receipt has coupons of, and what each of their products cost."""
    household, day = lines[0]["household_id"], lines[0]["transaction_timestamp"].date()
    for number, each in campaigns.items():
        amounts = [cents(line) for line in lines if line["product_id"] in each.products]
        if amounts and household in each.households and each.first <= day <= each.last:
            yield number, amounts


def check(since: datetime, until: datetime) -> dict[int, Given]:
    campaigns, receipts = real_campaigns(), baskets(since, until)
    expected = by_hand(campaigns, receipts)
    assert by_engine(campaigns, receipts) == expected
    return expected


def test_the_real_coupon_campaigns_of_spring_give_what_plain_lines_say() -> None:
    given = check(MARCH, MAY)
    assert sum(each.points > 0 for each in given.values()) > 50
    assert sum(each.off > 0 for each in given.values()) >= 5


@pytest.mark.slow
def test_the_real_coupon_campaigns_of_the_year_give_what_plain_lines_say() -> None:
    campaigns, given = real_campaigns(), check(datetime(2017, 1, 1, tzinfo=UTC), YEAR_END)
    assert len(campaigns) == 27
    assert len(given) > 1_000


def test_what_households_really_redeemed_is_what_they_were_sent_in_its_time() -> None:
    """The campaigns as they are told above hold of the real redemptions, so they describe what happened."""
    campaigns = real_campaigns()
    redeemed = rows("coupon_redemptions")
    for row in redeemed:
        each = campaigns[row["campaign_id"]]
        assert row["household_id"] in each.households
        assert each.first <= row["redemption_date"].date() <= each.last
    assert len(redeemed) == 2_102
