"""Exceptions over versions, and the spans that come of them for a member."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from libs.exemptions.rules import LEAD, NONE, Level, exemptions_of, wallet_rules
from libs.exemptions.spans import KEPT, held, rewritten, tier_source, tier_spans
from libs.history.days import Counted, MemberDays
from libs.ledger.keeping import spared_at
from libs.ledger.model import Span
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.programme import Programme
from libs.tiers.decide import Decision, Rules

ROME = ZoneInfo("Europe/Rome")
LEVELS = [{"name": "basic"}, {"name": "gold", "needs": {"points": 100}, "keeps_points": True}]
STATUS = {
    "name": "status",
    "levels": LEVELS,
    "window": {"kind": "rolling", "days": 90},
    "holds": {"kind": "months", "months": 3},
}


def programme(version: int = 1, spared: tuple[dict[str, Any], ...] = (), **more: Any) -> Programme:
    wallet = {"name": "points", "expiry": {"kind": "natural", "period": "month"}, "spared": list(spared)}
    base = {"version": version, "zone": "Europe/Rome", "currency": "EUR", "wallets": [wallet]}
    segments = [{"name": "vip", "list": True}]
    return parse_programme(base | {"tier_sets": [STATUS], "segments": segments} | more)


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(number)


def test_a_level_that_keeps_points_is_an_exception_of_every_wallet() -> None:
    found = exemptions_of([(day(0), programme())])
    assert found.tier_sets == {"status"}
    (rule,) = found.levels[Level("status", "gold")]
    assert (rule.wallet, rule.period, rule.version, rule.since, rule.until) == ("points", "month", 1, day(0), None)
    plain = [{"name": "status", "levels": [{"name": "basic"}]}]
    assert exemptions_of([(day(0), programme(tier_sets=plain))]) is NONE
    assert not NONE


def test_a_version_counts_a_quarter_of_an_hour_after_it_came_and_what_goes_on_is_one_rule() -> None:
    fewer = programme(3, ({"segments": ["vip"], "first": 10},))
    versions = [
        (day(0), programme(1, ({"segments": ["vip"]},))),
        (day(10), programme(2, ({"segments": ["vip"]},), rounding="ceil")),
        (day(20), fewer),
    ]
    found = exemptions_of(versions)
    whole, some = found.segments["vip"]
    assert (whole.version, whole.since, whole.until) == (1, day(0), day(20) + LEAD)
    assert (some.version, some.first, some.since, some.until) == (3, 10, day(20) + LEAD, None)
    assert len(found.levels[Level("status", "gold")]) == 1
    assert found.digest == exemptions_of([*versions, (day(30), fewer.model_copy(update={"version": 4}))]).digest
    assert found.digest != exemptions_of(versions[:2]).digest


@pytest.mark.parametrize(
    ("spared", "path"),
    [
        ({"tiers": ["golden"]}, "wallets[0].spared[0].tiers[0]"),
        ({"tiers": ["gold"], "tier_set": "other"}, "wallets[0].spared[0].tier_set"),
        ({"segments": ["nobody"]}, "wallets[0].spared[0].segments[0]"),
        ({"segments": ["vip"], "tier_set": "status"}, "wallets[0].spared[0].tier_set"),
        ({"first": 5}, "wallets[0].spared[0].tiers"),
        ({"segments": ["vip"], "first": 5, "older_than_days": 3}, "wallets[0].spared[0].older_than_days"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(spared: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as refused:
        programme(spared=(spared,))
    assert [error.path for error in refused.value.errors] == [path]


def test_a_document_without_exceptions_stays_as_it_was_and_a_wallet_that_never_lapses_has_none() -> None:
    stored = programme().model_dump(mode="json", exclude_none=True)
    assert "spared" not in stored["wallets"][0]
    never = [{"name": "points", "expiry": {"kind": "never"}, "spared": [{"segments": ["vip"]}]}]
    with pytest.raises(ProgrammeInvalid, match="never lapse"):
        programme(wallets=never)


def of(name: str, since: datetime, until: datetime | None = None) -> Span:
    return Span("segment", name, 1, "points", "Europe/Rome", since, until, "month")


def test_what_was_said_before_stays_and_what_goes_on_is_one_span() -> None:
    stored = {"segment:vip": (of("vip", day(0)),), "tier:status": (of("gold", day(2), day(9)),)}
    left = rewritten(stored, {"segment:vip": ()}, day(5))
    assert left == {"segment:vip": (of("vip", day(0), day(5)),), "tier:status": stored["tier:status"]}
    same = {"segment:vip": (of("vip", day(5)),)}
    assert rewritten(stored, same, day(5)) == stored
    assert rewritten(left, {"segment:vip": (of("vip", day(7)),)}, day(6))["segment:vip"] == (
        of("vip", day(0), day(5)),
        of("vip", day(7)),
    )
    assert rewritten(left, {"segment:vip": ()}, day(6) + KEPT) == {"tier:status": stored["tier:status"]}


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from([None, 3, 40]), st.booleans()), max_size=6),
    st.integers(0, 260),
)
@settings(deadline=None)
def test_no_instant_that_has_come_is_judged_anew(said: list[tuple[int, int | None, bool]], seen: int) -> None:
    """Whatever is said later, what spared at an instant still does."""
    heads: dict[str, tuple[Span, ...]] = {}
    known: list[str] | None = None
    for at, lasts, inside in sorted(said, key=lambda each: each[0]):
        if at > seen and known is None:
            known = [span.name for span in spared_at(heads.get("segment:vip", ()), "points", day(seen))]
        until = None if lasts is None else day(at + lasts)
        given_now = (of("vip", day(at), until),) if inside else ()
        heads = dict(rewritten(heads, {"segment:vip": given_now}, day(at)))
        for spans in heads.values():
            assert all(span.until is None or span.since < span.until for span in spans)
        if known is not None and at < seen + KEPT.days:
            assert [span.name for span in spared_at(heads.get("segment:vip", ()), "points", day(seen))] == known


def test_a_person_spares_every_wallet_of_the_version_in_force() -> None:
    wallets = [
        {"name": "points", "expiry": {"kind": "natural", "period": "month"}},
        {"name": "miles", "expiry": {"kind": "never"}},
    ]
    rules = wallet_rules([(day(0), programme(7, wallets=wallets))])
    spans = list(held("member", "complaint", rules, day(3), day(9)))
    assert [(one.wallet, one.period, one.version, one.since, one.until) for one in spans] == [
        ("points", "month", 7, day(3), day(9)),
        ("miles", None, 7, day(3), day(9)),
    ]


DEEDS = st.lists(st.tuples(st.integers(0, 90), st.sampled_from([40, 100, 150])), max_size=6)


@given(
    DEEDS,
    st.sampled_from([STATUS["holds"], {"kind": "while_met"}, {"kind": "period_end", "period": "quarter"}]),
    st.sampled_from([0, 20]),
    st.lists(st.integers(91, 600), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_the_levels_that_follow_are_known_ahead(
    deeds: list[tuple[int, int]], holds: dict[str, Any], grace: int, later: list[int]
) -> None:
    """What a head is told of a member's tier is what whoever decides at any later instant finds."""
    tiers = programme(tier_sets=[STATUS | {"holds": holds, "grace_days": grace}]).tier_sets[0]
    days = MemberDays()
    for at, points in deeds:
        days = days.with_more(Counted(UUID(int=1), date(2026, 1, 1) + timedelta(at), 1, points, points))
    decision = Decision(Rules(tiers, ROME), days, date(2026, 1, 1))
    standing = decision.decide(None, day(90)).standing
    exemptions = exemptions_of([(day(0), programme())])
    spans = tier_spans(exemptions, "status", decision, standing, day(90))
    instants = [day(number) for number in later] + [span.until for span in spans if span.until is not None]
    for instant in instants:
        gold = decision.decide(standing, instant).standing.level == "gold"
        assert [span.name for span in spared_at(spans, "points", instant)] == ["gold"] * gold


def test_a_tier_that_ends_at_the_very_boundary_spares_no_more_at_it() -> None:
    rules = {"holds": {"kind": "period_end", "period": "quarter"}, "window": {"kind": "rolling", "days": 30}}
    tiers = programme(tier_sets=[STATUS | rules]).tier_sets[0]
    days = MemberDays().with_more(Counted(UUID(int=1), date(2026, 1, 5), 1, 100, 100))
    decision = Decision(Rules(tiers, ROME), days, date(2026, 1, 1))
    standing = decision.decide(None, day(10)).standing
    (span,) = tier_spans(exemptions_of([(day(0), programme())]), "status", decision, standing, day(10))
    assert span.until == datetime(2026, 3, 31, 22, tzinfo=UTC), "the end of March in Rome"
    assert spared_at([span], "points", span.until) == []
    assert spared_at([replace(span, until=None)], "points", span.until) == [replace(span, until=None)]
    assert tier_source("status") == "tier:status"
