"""The library of ready programmes: each gives what the file beside it expects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml

import libs.promotions
from libs.contracts.codec import Canonical
from libs.contracts.events import ActivityRecordedV1, PurchaseCompletedV1
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate, evaluate_activity
from libs.promotions.document import parse_programme_yaml
from libs.promotions.evaluation import Discount, Evaluation, Granted
from libs.promotions.facts import MemberFacts
from libs.promotions.history import History, HistoryDay
from libs.referral.decide import Claim, Converted, Order, Rules, due_to, outcome
from libs.scenarios.news import Occasion
from libs.scenarios.planning import acts, planned

LIBRARY = Path(libs.promotions.__file__).parent / "examples/library"
_MEMBER = UUID(int=7)
_read_purchase = Canonical(PurchaseCompletedV1).read
_read_activity = Canonical(ActivityRecordedV1).read


def _cases(kind: str | None = None) -> Iterator[Any]:
    """The cases of all programmes: of campaigns, of referral, of scenarios, or all."""
    for expectations in sorted(LIBRARY.glob("*.expect.yaml")):
        name = expectations.name.removesuffix(".expect.yaml")
        for case in yaml.safe_load(expectations.read_text(encoding="utf-8")):
            found = next((name for name in ("referral", "happened") if name in case), "campaigns")
            if kind in (None, found):
                yield pytest.param(name, case, id=f"{name}: {case['case']}")


@pytest.mark.parametrize(("name", "case"), list(_cases("campaigns")))
def test_a_programme_of_the_library_gives_what_is_expected(name: str, case: dict[str, Any]) -> None:
    found = _judge(_programme(name), case)
    wanted = case["expect"]
    assert found.reason == wanted.get("reason")
    assert {grant.wallet: grant.points for grant in found.grants} == wanted.get("grants", {})
    assert [_told(discount) for discount in found.discounts] == wanted.get("discounts", [])
    assert [_told(granted) for granted in found.granted] == wanted.get("granted", [])
    if "failed" in wanted:
        assert {failed.campaign: failed.condition for failed in found.failed} == wanted["failed"]


@pytest.mark.parametrize(("name", "case"), list(_cases("referral")))
def test_a_referral_of_the_library_gives_what_is_expected(name: str, case: dict[str, Any]) -> None:
    """So many friends name a code at once, and each buys the same."""
    source = _programme(name).source
    assert source.referral is not None
    rules, named_at = (
        Rules(1, source.referral, ZoneInfo(source.zone), source.wallets[0].name),
        datetime(2024, 3, 1, tzinfo=UTC),
    )
    orders = [
        Order(UUID(int=place), named_at + timedelta(days=one["days"]), one["amount_minor"])
        for place, one in enumerate(case["referral"]["bought"])
    ]
    friends = [UUID(int=number) for number in range(1, case["referral"]["friends"] + 1)]
    referrer = UUID(int=99)
    found = [outcome(Claim(friend, referrer, named_at, 1, named_at), rules, orders) for friend in friends]
    converted = [
        Converted(friend, one.converted_at, rules)
        for friend, one in zip(friends, found, strict=True)
        if one.converted_at
    ]
    wanted, friend = case["expect"], due_to(converted[0] if converted else None, ())
    assert {one.state for one in found} == {wanted["state"]}
    assert due_to(None, converted).points == wanted.get("referrer", {})
    assert friend.points == wanted.get("friend", {})
    assert [reference for _, reference in friend.gifts] == wanted.get("gifts", [])


@pytest.mark.parametrize(("name", "case"), list(_cases("happened")))
def test_a_scenario_of_the_library_begins_as_expected(name: str, case: dict[str, Any]) -> None:
    """The steps that begin with something that happens: name, hours to wait, and what is done."""
    happened, at = dict(case["happened"]), datetime(2024, 5, 10, 10, tzinfo=UTC)
    member = UUID(int=case.get("member", _MEMBER.int))
    occasion = Occasion(member, happened.pop("what"), "1", at.date(), at, happened)
    scenarios = _programme(name).source.scenarios
    steps = [
        *[(each.occasion.occasion, each.due_at, "message") for each in planned(scenarios, occasion, at)],
        *[(each.occasion.occasion, each.due_at, each.step.action) for each in acts(scenarios, occasion, at)],
    ]
    told = [f"{of.split('/')[2]} {(due - at) // timedelta(hours=1)} {action}" for of, due, action in steps]
    assert told == case["expect"].get("steps", [])


def test_every_programme_of_the_library_is_tried_both_ways() -> None:
    """One case at least in which its incentive is given, and one in which it is not, or less of it."""
    programmes = {path.name.removesuffix(".yaml") for path in LIBRARY.glob("*.yaml") if ".expect." not in path.name}
    tried: dict[str, list[Any]] = {name: [] for name in programmes}
    for param in _cases():
        name, case = param.values
        tried[name].append(case["expect"])
    assert {name: cases for name, cases in tried.items() if len(cases) < 2 or cases[0] == cases[1]} == {}


@cache
def _programme(name: str) -> CompiledProgramme:
    return compile_programme(parse_programme_yaml((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")))


def _told(given: Discount | Granted) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__}


def _judge(programme: CompiledProgramme, case: Mapping[str, Any]) -> Evaluation:
    at = case["at"] if isinstance(case["at"], datetime) else datetime.fromisoformat(case["at"])
    member = _member(case.get("member", {}))
    counters = {key.replace("MEMBER", str(_MEMBER)): used for key, used in case.get("counters", {}).items()}
    if "activity" in case:
        activity = _read_activity(json.dumps(case["activity"]))
        return evaluate_activity(programme, activity, member, at, counters)
    payload = {"receipt_number": "1", "currency": programme.currency, **case["receipt"]}
    lines = [{"line": place, **line} for place, line in enumerate(payload["lines"], start=1)]
    payload |= {"lines": lines, "total_minor": sum(line["amount_minor"] for line in lines)}
    return evaluate(programme, _read_purchase(json.dumps(payload)), member, at, counters)


def _member(known: Mapping[str, Any]) -> MemberFacts:
    facts = dict(known)
    if "birthday" in facts:
        facts["birthday"] = tuple(facts["birthday"])
    if "history" in facts:
        facts["history"] = History(tuple(_day(**day) for day in facts["history"]))
    return MemberFacts(UUID(int=facts.pop("number", _MEMBER.int)), **facts)


def _day(categories: Mapping[str, int] | None = None, **done: Any) -> HistoryDay:
    return HistoryDay(categories=tuple((categories or {}).items()), **done)
