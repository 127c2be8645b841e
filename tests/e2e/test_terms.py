"""Points lapse by the policy of their wallet, their member or their offer; old ones by another where somebody asks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.lives import activity
from tests.support.receipts import line
from tests.support.running import Door, Platform

ROME = ZoneInfo("Europe/Rome")
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


async def bought(platform: Platform, shop: Door, number: str, sku: str, card: str, ago: timedelta = TICK) -> date:
    """Buy something for 10.00, and return the day on which that was."""
    time = shop.now() - ago
    await platform.publish([shop.purchase(number, [line(sku, 1_000)], card=card, time=time)])
    await shop.decided(number)
    return time.astimezone(ROME).date()


async def joined(platform: Platform, shop: Door, card: str, tier: str | None = None) -> None:
    await platform.publish([shop.enrolment(card, tier=tier)])
    await shop.enrolled(card)


def last_days(shop: Door, card: str) -> dict[str, tuple[date, int]]:
    """On which day the next points of each wallet lapse, and how many."""
    return {
        each["wallet"]: (date.fromisoformat(each["next_expiry"]["last_day"]), each["next_expiry"]["points"])
        for each in shop.member(card)["wallets"]
        if each["next_expiry"] is not None
    }


def end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - DAY


def end_of_quarter(day: date, years: int = 0) -> date:
    return end_of_month(day.year + years, (day.month + 2) // 3 * 3)


@pytest.mark.feature("OMNI-3", "OMNI-5", "OMNI-6")
async def test_the_operator_chooses_months_years_and_years_that_begin_when_the_books_do(platform: Platform) -> None:
    shop = platform.doors["terms"]
    await joined(platform, shop, "cycle")
    day = await bought(platform, shop, "cycle-1", "terms-all", "cycle")
    found = last_days(shop, "cycle")
    assert found["monthly"] == (end_of_month(day.year, day.month), 1)
    assert found["yearly"] == (date(day.year, 12, 31), 2)
    assert found["fiscal"] == (date(day.year + (day.month > 3), 3, 31), 3)
    instant = next(each["next_expiry"]["at"] for each in shop.member("cycle")["wallets"] if each["wallet"] == "monthly")
    assert shop.balance("cycle", "monthly", at=(datetime.fromisoformat(instant) - TICK).isoformat()) == 1
    assert shop.balance("cycle", "monthly", at=instant) == 0


@pytest.mark.feature("VOU-46", "VOU-47", "COM-25")
async def test_rolling_dates_and_dates_by_a_table_stand_side_by_side(platform: Platform) -> None:
    """Two years after the quarter of earning; what is earned to a day lapses on another; one offer has its own date."""
    shop = platform.doors["terms"]
    await joined(platform, shop, "rules")
    day = await bought(platform, shop, "rules-1", "terms-all", "rules")
    assert last_days(shop, "rules")["points"] == (end_of_quarter(day, 2), 10)
    assert last_days(shop, "rules")["dated"] == (date(2099, 12, 31), 4)
    await bought(platform, shop, "rules-2", "terms-winter", "rules")
    lots = {lot["points"]: lot["expires_at"][:10] for lot in shop.receipt("rules-2")["lots"]}
    assert lots == {10: lots[10], 50: "2098-02-28"}
    rules = platform.run("programme", "export", "--tenant", "terms")["document"]["wallets"][0]["expiry"]
    assert rules["rounded_to"] == "quarter"


@pytest.mark.feature("VOU-50", "VOU-56")
async def test_points_of_gold_members_live_longer(platform: Platform) -> None:
    shop = platform.doors["terms"]
    await joined(platform, shop, "golden", "gold")
    await joined(platform, shop, "plain")
    day = await bought(platform, shop, "golden-1", "any", "golden")
    await bought(platform, shop, "plain-1", "any", "plain")
    assert last_days(shop, "golden")["points"] == (end_of_quarter(day, 3), 10)
    assert last_days(shop, "plain")["points"] == (end_of_quarter(day, 2), 10)


async def test_a_visit_keeps_stamps_alive(platform: Platform) -> None:
    shop = platform.doors["terms"]
    await joined(platform, shop, "loyal")
    day = await bought(platform, shop, "loyal-1", "terms-stamp", "loyal", timedelta(hours=20))
    assert last_days(shop, "loyal")["stamps"] == (day + 400 * DAY, 1)
    time = shop.now()
    visit = activity("loyal-visit", "terms-visit", card="loyal", time=time, source=f"{shop.source}/1")
    await platform.publish([visit])
    await shop.decision(f"/v1/receipts{shop.source}/1/loyal-visit")
    assert last_days(shop, "loyal")["stamps"] == (time.astimezone(ROME).date() + 400 * DAY, 1)


@pytest.mark.feature("XOXO-48")
async def test_whoever_is_active_keeps_points_for_another_quarter(platform: Platform) -> None:
    """By a campaign for an activity; the decision and the journal say so."""
    shop = platform.doors["terms"]
    await joined(platform, shop, "active")
    await bought(platform, shop, "active-1", "any", "active", timedelta(hours=1))
    before, points = last_days(shop, "active")["points"]
    opened = activity("active-opened", "terms-opened", card="active", time=shop.now(), source=f"{shop.source}/1")
    await platform.publish([opened])
    told = await shop.decision(f"/v1/receipts{shop.source}/1/active-opened")
    assert told["explanation"]["summary"] == "a later date for points by active."
    assert last_days(shop, "active")["points"] == (end_of_quarter(before + DAY), points)
    (entry,) = [each for each in shop.history("active") if each["kind"] == "waive"]
    assert (entry["points"], entry["amount"]) == (0, points)


@pytest.mark.feature("VOU-144")
async def test_old_points_come_under_new_terms_when_somebody_asks_for_it(platform: Platform) -> None:
    shop = platform.doors["terms"]
    await joined(platform, shop, "veteran")
    day = await bought(platform, shop, "veteran-1", "any", "veteran", 3 * DAY)
    before = last_days(shop, "veteran")["points"]
    assert before == (max(end_of_quarter(day), end_of_quarter(shop.now().date())), 10)
    asked = ("expiry", "migrate", "--from-version", 1, "--tenant", "terms", "--reason", "longer-terms")
    told: dict[str, Any] = platform.run(*asked, "--dry-run")
    (moved,) = told["moved"]
    assert (told["members"], told["to_version"], told["decided"]) == (1, 2, 0)
    assert (moved["direction"], moved["lots"], moved["points"]) == ("later", 1, 10)
    assert last_days(shop, "veteran")["points"] == before

    assert platform.run(*asked)["decided"] == 1
    assert last_days(shop, "veteran")["points"] == (end_of_quarter(day, 2), 10)
    entry = next(each for each in shop.history("veteran") if each["kind"] == "waive")
    assert (entry["points"], entry["amount"]) == (0, 10)
    assert platform.run(*asked)["members"] == 0, "once more it moves nothing"
