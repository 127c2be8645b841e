"""Expiry policies in the document: what is refused and where, what is asked of members, and the words for it."""

from __future__ import annotations

from typing import Any

import pytest

from libs.language.catalogue import LANGUAGES
from libs.programmes.consequences import consequences
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.sweeps.calendar import days_of_their_own, periods_of, scattered_of, together, turns
from tests.unit.promotions.build import BASE, THURSDAY, campaign, document, fixed

NATURAL = {"kind": "natural", "period": "quarter"}
ROLLING = {"kind": "rolling", "months": 24, "rounded_to": "quarter"}
DAILY = {"kind": "rolling", "days": 90}
INACTIVITY = {"kind": "inactivity", "months": 12, "activities": ["login"]}


def programme(expiry: dict[str, Any], *campaigns: dict[str, Any], wallet: Any = None, **rest: Any) -> dict[str, Any]:
    points = {"name": "points", "expiry": expiry} | (wallet or {})
    return document(*(campaigns or [campaign("a", BASE)]), wallets=[points], **rest)


def others(**expiry_for: Any) -> dict[str, Any]:
    return {"expiry_for": [{"expiry": {"kind": "never"}} | expiry_for]}


TIERS = [
    {"name": "status", "levels": [{"name": "basic"}, {"name": "gold", "needs": {"points": 9}}], "drives_tier": True}
]
OWN = campaign("a", fixed(5) | {"expiry": {"kind": "fixed", "day": "2026-12-24"}})


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (programme({"kind": "rolling"}), "wallets[0].expiry.months"),
        (programme(ROLLING | {"days": 5}), "wallets[0].expiry.months"),
        (programme({"kind": "natural", "period": "week"}), "wallets[0].expiry.period"),
        (programme(NATURAL | {"year_starts_in": 13}), "wallets[0].expiry.year_starts_in"),
        (programme({"kind": "calendar"}), "wallets[0].expiry.last_days"),
        (programme({"kind": "calendar", "yearly": ["02-30"]}), "wallets[0].expiry.yearly[0]"),
        (programme({"kind": "calendar", "yearly": ["07-31", "01-31"]}), "wallets[0].expiry.yearly[1]"),
        (programme({"kind": "calendar", "last_days": ["2026-02-28", "2026-02-28"]}), "wallets[0].expiry.last_days[1]"),
        (programme({"kind": "fixed"}), "wallets[0].expiry.day"),
        (
            programme({"kind": "fixed", "table": [{"earned_to": "2026-06-30", "lapses_on": "2026-06-29"}]}),
            "wallets[0].expiry.table[0].lapses_on",
        ),
        (
            programme(
                {
                    "kind": "fixed",
                    "table": [
                        {"earned_to": "2026-06-30", "lapses_on": "2027-06-30"},
                        {"earned_to": "2026-12-31", "lapses_on": "2027-01-31"},
                    ],
                }
            ),
            "wallets[0].expiry.table[1].lapses_on",
        ),
        (programme({"kind": "inactivity", "days": 9, "purchases": False}), "wallets[0].expiry.activities"),
        (programme(INACTIVITY, activities=[{"name": "review"}]), "wallets[0].expiry.activities[0]"),
        (programme(NATURAL, wallet=others()), "wallets[0].expiry_for[0].tiers"),
        (programme(NATURAL, wallet=others(tiers=["silver"]), tier_sets=TIERS), "wallets[0].expiry_for[0].tiers[0]"),
        (programme(NATURAL, wallet=others(segments=["vip"])), "wallets[0].expiry_for[0].segments[0]"),
        (
            programme(INACTIVITY, wallet=others(tiers=["gold"], expiry=NATURAL)),
            "wallets[0].expiry_for[0].expiry.kind",
        ),
        (programme(NATURAL, wallet=others(tiers=["gold"], expiry=INACTIVITY)), "wallets[0].expiry.kind"),
        (programme(INACTIVITY, OWN), "campaigns[0].effect.expiry"),
        (
            programme(
                NATURAL, OWN, wallet={"pending": {"kind": "event", "activities": ["delivered"], "deadline_days": 9}}
            ),
            "campaigns[0].effect.expiry",
        ),
        (programme(NATURAL, campaign("a", fixed(5) | {"expiry": INACTIVITY})), "campaigns[0].effect.expiry"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(written: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(written)
    assert path in [error.path for error in refused.value.errors]


def test_a_document_that_says_nothing_of_this_is_stored_as_before() -> None:
    text = canonical_json(parse_programme(document(campaign("a", BASE)))).decode()
    assert not any(word in text for word in ("expiry_for", "at_least", "year_starts", '"expiry":null'))


def test_members_are_looked_at_only_where_a_policy_asks() -> None:
    def needs(*arguments: Any, **rest: Any) -> Any:
        return compile_programme(parse_programme(programme(*arguments, **rest))).needs

    vip = {"segments": [{"name": "vip", "list": True}]}
    assert not needs(NATURAL).profile
    assert needs({"kind": "anniversary"}).joined_on
    assert needs(NATURAL, campaign("a", fixed(5) | {"expiry": {"kind": "anniversary"}})).joined_on
    assert needs(NATURAL, wallet=others(segments=["vip"]), **vip).segments
    assert not needs(NATURAL, wallet=others(tiers=["gold"])).segments


SAID = [
    (NATURAL | {"year_starts_in": 4}, "Years begin with April."),
    (
        NATURAL | {"at_least_days": 30},
        "They live 30 days at least: what would lapse sooner lapses on the next such date.",
    ),
    (ROLLING, "They lapse 24 months after they were earned, at the end of that quarter."),
    (DAILY, "They lapse 90 days after they were earned."),
    (INACTIVITY, "They lapse 12 months after the last purchase or “login”, at the end of that month."),
    ({"kind": "fixed", "day": "2026-12-31"}, "They lapse at the end of December 31, 2026."),
    (
        {"kind": "calendar", "yearly": ["01-31", "07-31"]},
        "They lapse at the end of the period they were earned in; periods end on January 31 and July 31.",
    ),
    (
        {"kind": "anniversary", "extra_years": 1},
        "They lapse at the end of the membership year after the one they were earned in.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("expiry", "said"), SAID)
def test_every_policy_is_told(expiry: dict[str, Any], said: str) -> None:
    compiled = compile_programme(parse_programme(programme(expiry)))
    assert said in Words(compiled, "en").wallet(compiled.source.wallets[0]).sentences
    for language in LANGUAGES:
        sentences = Words(compiled, language).wallet(compiled.source.wallets[0]).sentences
        assert all("{" not in sentence for sentence in sentences)


def test_policies_of_some_members_and_some_points_are_told_too() -> None:
    gold = {"expiry_for": [{"tiers": ["gold", "black"], "expiry": {"kind": "never"}}]}
    compiled = compile_programme(parse_programme(programme(NATURAL, OWN, wallet=gold)))
    words = Words(compiled, "en")
    assert "For members of tier gold or black: They never lapse." in words.wallet(compiled.source.wallets[0]).sentences
    assert (
        "with a date of their own (they lapse at the end of December 24, 2026)"
        in words.rule(compiled.source.campaigns[0]).sentence
    )


def test_a_plan_says_what_changes_for_new_points_and_that_old_ones_keep_their_dates() -> None:
    old, new = parse_programme(programme(NATURAL)), parse_programme(programme(ROLLING, OWN) | {"version": 2})
    told = " ".join(consequences(old, new, THURSDAY))
    assert (
        "Points of wallet points earned from then on lapse 24 months after they were earned, at the end of that "
        "quarter (those earned in that moment: with the end of 2019-03-31); those already earned keep their dates."
        in told
    )
    assert (
        "Points of campaign a have a date of their own from then on: they lapse at the end of December 24, 2026."
        in told
    )
    assert "get the dates of their wallet from then on" in " ".join(consequences(new, old, THURSDAY))


def test_policies_with_boundaries_have_turns_and_others_have_them_where_somebody_loses_points() -> None:
    written = parse_programme(programme(ROLLING, wallet=others(tiers=["gold"], expiry=DAILY)))
    (period,), (scattered,) = periods_of(written), scattered_of(written)
    assert (str(period.period), *scattered) == ("quarter", "UTC", "points")
    until = THURSDAY.replace(month=7)
    coming = turns([period], THURSDAY, until)
    assert [f"{turn.boundary.local_date}" for turn in coming] == ["2017-03-31", "2017-06-30"]
    midnight = THURSDAY.replace(month=4, day=6, hour=0)
    days = days_of_their_own([scattered], [midnight, coming[0].boundary.instant, midnight.replace(hour=1)])
    assert [f"{turn.boundary.local_date}" for turn in days] == ["2017-03-31", "2017-04-05"]
    assert [f"{turn.boundary.local_date}" for turn in together(coming, days)] == [
        "2017-03-31",
        "2017-04-05",
        "2017-06-30",
    ]
