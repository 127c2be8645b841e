"""What a member is told of points that lapse: the day, what is spared and why, and what keeps the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from libs.judging.versions import ActiveVersion, activate
from services.gateway.lapsing.advice import Told, advice
from services.gateway.lapsing.sections import member_section, rules_section
from services.gateway.lapsing.texts import LAPSING
from services.gateway.members.tier_views import MemberWithTiers
from services.gateway.views import NextExpiry, SparedPoints, WalletBalance

NOW = datetime(2026, 2, 10, 15, tzinfo=UTC)
BOUNDARY = datetime(2026, 3, 31, 22, tzinfo=UTC)
DAY = date(2026, 3, 31)
QUARTER = {"name": "points", "expiry": {"kind": "natural", "period": "quarter"}}
ALIVE = {
    "name": "stamps",
    "expiry": {"kind": "inactivity", "months": 6, "rounded_to": "quarter", "activities": ["check-in"]},
}
CLUB = {
    "name": "club",
    "drives_tier": True,
    "levels": [{"name": "member"}, {"name": "gold", "title": "Gold", "needs": {"points": 900}, "keeps_points": True}],
}
CAMPAIGNS: list[dict[str, Any]] = [
    {"id": "longer", "name": "Longer", "state": "live", "trigger": {"kind": "activity", "activity": "survey"},
     "effect": {"kind": "extend", "boundaries": 1}},
    {"id": "hurry", "name": "Hurry", "state": "live", "when": {"skus": ["tea"]},
     "effect": {"kind": "fixed", "points": 5}, "frame": {"before_expiry": {"wallet": "points", "days": 90}}},
    {"id": "other", "name": "Other", "state": "live", "effect": {"kind": "fixed", "points": 5}},
]  # fmt: skip


def version(*wallets: dict[str, Any]) -> ActiveVersion:
    document = {
        "version": 3,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": list(wallets),
        "campaigns": CAMPAIGNS,
    }
    return activate(datetime(2026, 1, 1, tzinfo=UTC), document | {"tier_sets": [CLUB]})


def balance(wallet: str, points: int, *spared: SparedPoints, debt: int = 0) -> WalletBalance:
    lapsing = NextExpiry(at=BOUNDARY, last_day=DAY, zone="Europe/Rome", points=points) if points else None
    return WalletBalance(
        wallet=wallet, scale=0, available=400, spendable=0 if debt else 400, pending=0, held=0, debt=debt,
        debt_since=None, activations=(), next_expiry=lapsing, spared=spared,
    )  # fmt: skip


def told(*wallets: WalletBalance, tier: str | None = None, killed: str = "", language: str = "en") -> list[Told]:
    member = MemberWithTiers(
        member_id=UUID(int=1), programme="main", tier=tier, enrolled_at=NOW, member_seq=1, as_of=NOW, known_at=None,
        identifiers=(), wallets=wallets, tiers=(),
    )  # fmt: skip
    return list(advice(version(QUARTER, ALIVE), member, NOW, language, frozenset({killed})))


def test_the_day_and_everything_that_keeps_points_is_told() -> None:
    (points, stamps) = told(balance("points", 250), balance("stamps", 40))
    assert (points.points, points.last_day, points.days_left) == (250, DAY, 49)
    assert points.words == (
        "250 points lapse at the end of March 31, 2026.", "That is in 49 days.", "It is the same day for everybody."
    )  # fmt: skip
    spend, hurry, longer, level = points.keep
    assert spend.startswith("Spend 250 points by then")
    assert longer.startswith("Longer: ")
    assert hurry.startswith("Hurry: 5 points")
    assert level == "Or reach the level Gold by then: points do not lapse."
    assert stamps.keep[1] == "Or buy something or be there for “check-in” by then: that keeps them alive."
    assert not [each for each in stamps.keep if each.startswith(("Longer", "Hurry"))], "it is of the other wallet"
    (killed, _) = told(balance("points", 250), balance("stamps", 40), killed="longer", tier="gold")
    assert [each.split(":")[0] for each in killed.keep] == ["Spend 250 points by then, and nothing is lost", "Hurry"]


@pytest.mark.parametrize(
    ("by", "name", "shown"), [("tier", "gold", "Gold"), ("member", "complaint 17", "complaint 17")]
)
def test_what_is_spared_is_told_with_its_reason_and_what_ends_it(by: Any, name: str, shown: str) -> None:
    spared = SparedPoints(at=BOUNDARY, last_day=DAY, points=90, spared_by=by, spared_as=name, programme_version=3)
    (found,) = told(balance("points", 0, spared))
    assert (found.points, found.keep) == (0, ())
    assert "90 points would lapse at the end of March 31, 2026: they live on" in found.words[0]
    assert shown in found.words[0]
    assert len(found.words) == 2


def test_who_owes_is_told_so_and_can_spend_nothing() -> None:
    (found,) = told(balance("points", 250, debt=30))
    assert found.words[0].startswith("You owe 30 points")
    assert not [each for each in found.keep if each.startswith("Spend")]
    (nothing,) = told(balance("points", 0))
    assert nothing.words == ("Nothing lapses as things are.",)


def test_it_is_told_in_every_language_and_escaped_on_pages() -> None:
    assert LAPSING.faults() == []
    found = told(balance("points", 250), language="de")
    assert found[0].words[0] == "250 Punkte verfallen mit Ablauf des 31. März 2026."
    assert "31. März 2026" in member_section(found, "de")
    assert member_section([], "de") == ""
    rules = rules_section(version(QUARTER, ALIVE), "en")
    assert "They lapse at the end of the quarter they were earned in." in rules
    assert "Level Gold: points do not lapse at such a date; they live on to the next one." in rules
