"""The dates of credits: what each policy of the examples makes of a grant, for whom, and by what paid it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml

import libs.promotions
from libs.judging.placement import place_grants, place_points
from libs.judging.versions import ActiveVersion, activate
from libs.promotions.decide import evaluate
from libs.promotions.facts import Line, MemberFacts, Receipt

EXAMPLES = Path(libs.promotions.__file__).parent / "examples"
TICK = timedelta(microseconds=1)
PLAIN = MemberFacts(UUID(int=1))


def version(name: str) -> ActiveVersion:
    document = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    return activate(datetime(2016, 1, 1, tzinfo=UTC), document)


def last_day(expires_at: datetime | None) -> date | None:
    return None if expires_at is None else (expires_at - TICK).astimezone(ZoneInfo("Europe/Rome")).date()


def lapses(wallet: str, earned: date, member: MemberFacts = PLAIN) -> date | None:
    at = datetime(earned.year, earned.month, earned.day, 12, tzinfo=UTC)
    credit = place_points(version("expiry"), wallet, 10, at, at, member=member)
    assert credit is not None
    return last_day(credit.expires_at)


GOLD = MemberFacts(UUID(int=2), "gold", segments=())
FOUNDER = MemberFacts(UUID(int=3), "gold", segments=("founders",), lists=("founders",))
SINCE_MAY = MemberFacts(UUID(int=4), joined_on=date(2024, 5, 6))
SINCE_A_LEAP_DAY = MemberFacts(UUID(int=5), joined_on=date(2024, 3, 1))


@pytest.mark.parametrize(
    ("wallet", "earned", "member", "last"),
    [
        ("points", date(2019, 10, 1), PLAIN, date(2021, 12, 31)),
        ("points", date(2019, 12, 31), PLAIN, date(2021, 12, 31)),
        ("points", date(2019, 12, 31), GOLD, date(2022, 12, 31)),
        ("points", date(2019, 12, 31), FOUNDER, None),
        ("bonus", date(2026, 1, 2), PLAIN, date(2027, 3, 31)),
        ("bonus", date(2025, 12, 31), PLAIN, date(2026, 3, 31)),
        ("budget", date(2026, 3, 1), PLAIN, date(2026, 4, 4)),
        ("sale", date(2026, 2, 1), PLAIN, date(2026, 7, 31)),
        ("stamps", date(2026, 5, 6), PLAIN, date(2027, 5, 31)),
        ("season", date(2026, 6, 30), PLAIN, date(2026, 8, 31)),
        ("season", date(2026, 7, 1), PLAIN, date(2027, 4, 30)),
        ("season", date(2028, 7, 1), PLAIN, date(2029, 4, 30)),
        ("member", date(2026, 5, 5), SINCE_MAY, date(2026, 5, 5)),
        ("member", date(2026, 5, 6), SINCE_MAY, date(2027, 5, 5)),
        ("member", date(2027, 1, 6), SINCE_A_LEAP_DAY, date(2027, 2, 28)),
        ("member", date(2026, 5, 6), PLAIN, date(2027, 5, 31)),
        ("flash", date(2026, 5, 6), PLAIN, date(2026, 6, 5)),
    ],
)
def test_points_lapse_as_the_example_says(wallet: str, earned: date, member: MemberFacts, last: date | None) -> None:
    assert lapses(wallet, earned, member) == last


def test_every_case_with_dates_of_the_library_gives_them() -> None:
    found = 0
    for file in sorted((EXAMPLES / "library").glob("*.expect.yaml")):
        active = version(f"library/{file.name.removesuffix('.expect.yaml')}")
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            if "lapses" not in case:
                continue
            lines = tuple(
                Line(one["sku"], one["quantity"], one["amount_minor"], one.get("category"))
                for one in case["receipt"]["lines"]
            )
            bought = Receipt("EUR", sum(line.amount_minor for line in lines), lines)
            evaluation = evaluate(active.compiled, bought, PLAIN, case["at"], {})
            credits = place_grants(active, evaluation, case["at"], case["at"], PLAIN)
            assert credits is not None
            made = [[each.wallet, each.points, last_day(each.expires_at)] for each in credits]
            assert made == case["lapses"]
            found += 1
    assert found == 2


def test_where_nothing_but_an_effect_with_its_own_date_pays_the_fraction_is_its_own_too() -> None:
    active, cheap = version("expiry"), Receipt("EUR", 90, (Line("coat", 1, 90, "COATS"),))
    evaluation = evaluate(active.compiled, cheap, PLAIN, datetime(2026, 11, 10, 12, tzinfo=UTC), {})
    assert [grant.points for grant in evaluation.grants] == [50]
    parts = active.terms.portions(evaluation, evaluation.grants[0])
    assert parts == [(("winter", 0), 50)]
