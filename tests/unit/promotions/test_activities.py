"""Campaigns for activities: they pay, count and explain like those for purchases, and never meet them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.events import ActivityRecordedV1
from libs.contracts.structs import to_struct
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.criteria import ONLY_OF_PURCHASES
from libs.promotions.decide import activity_counter_keys, counter_keys, evaluate, evaluate_activity, shared_counter_keys
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Use
from libs.promotions.explain import describe, explain, explain_activity, why_not
from libs.promotions.facts import Activity, as_receipt
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, failures, fixed, points, total
from tests.unit.promotions.strategies import LABELS, documents, instants, members, receipts
from tests.unit.promotions.strategies import counters as some_counters

REVIEWED = "product-reviewed"


def on(name: str, effect: dict[str, Any], activity: str = REVIEWED, **rest: Any) -> dict[str, Any]:
    return campaign(name, effect, trigger={"kind": "activity", "activity": activity}, **rest)


def compiled(*campaigns: dict[str, Any], **rest: Any) -> CompiledProgramme:
    return compile_programme(parse_programme(document(*campaigns, **rest)))


def points_for(activity: Activity, *campaigns: dict[str, Any]) -> int:
    return points(evaluate_activity(compiled(*campaigns), activity, MEMBER, THURSDAY, {}))


def test_purchases_and_activities_do_not_meet() -> None:
    programme = compiled(campaign("bought", fixed(5)), on("reviewed", fixed(7)), on("liked", fixed(9), "profile-liked"))
    found = evaluate(programme, total(100), MEMBER, THURSDAY, {})
    assert (found.campaigns, found.failed) == (("bought",), ())
    for name, campaigns in ((REVIEWED, ("reviewed",)), ("profile-liked", ("liked",)), ("delivered", ())):
        judged = evaluate_activity(programme, Activity(name), MEMBER, THURSDAY, {})
        assert (judged.campaigns, judged.failed, judged.version) == (campaigns, (), 1)


@pytest.mark.parametrize(
    ("effect", "when", "activity", "wanted"),
    [
        (BASE, {}, Activity(REVIEWED, amount_minor=1250), 12),
        (BASE, {}, Activity(REVIEWED, amount_minor=-1250), 0),
        ({"kind": "per_quantity", "points": 3, "per": 2}, {}, Activity(REVIEWED, quantity=5), 6),
        (fixed(4), {"min_quantity": 2}, Activity(REVIEWED, quantity=2), 4),
        (fixed(4), {"min_quantity": 2}, Activity(REVIEWED), 0),
        (fixed(4), {"min_total_minor": 1}, Activity(REVIEWED), 0),
        (fixed(4), {"labels": ["with-photo"]}, Activity(REVIEWED, labels=("long", "with-photo")), 4),
        (fixed(4), {"labels": ["with-photo"]}, Activity(REVIEWED), 0),
        (fixed(4), {"channels": ["app"]}, Activity(REVIEWED, channel="app"), 4),
        (fixed(4), {"channels": ["app"]}, Activity(REVIEWED), 0),
        (fixed(4), {"stores": ["1"], "partners": ["fuel"]}, Activity(REVIEWED, store="1", partner="fuel"), 4),
        (fixed(4), {"tiers": ["gold"]}, Activity(REVIEWED), 4),
    ],
)
def test_what_an_activity_pays(effect: dict[str, Any], when: dict[str, Any], activity: Activity, wanted: int) -> None:
    assert points_for(activity, on("c", effect, when=when)) == wanted


def test_expressions_see_an_activity() -> None:
    rule = on("c", fixed(4), cel='quantity == 3 && channel == "app"')
    assert points_for(Activity(REVIEWED, quantity=3, channel="app"), rule) == 4


def test_an_activity_in_another_currency_needs_a_rate_only_for_an_amount() -> None:
    programme = compiled(on("c", fixed(4)))
    for activity, reason in ((Activity(REVIEWED, currency="EUR"), None), (Activity(REVIEWED, 1, 5, "EUR"), "currency")):
        assert evaluate_activity(programme, activity, MEMBER, THURSDAY, {}).reason == reason


def test_a_killed_campaign_and_one_that_is_outside_its_frame_pay_no_activity() -> None:
    programme = compiled(on("c", fixed(4)), on("d", fixed(4), frame={"weekdays": ["mon"]}))
    found = evaluate_activity(programme, Activity(REVIEWED), MEMBER, THURSDAY, {}, killed=frozenset({"c"}))
    assert failures(found) == {"c": "killed", "d": "weekdays"}


def test_limits_count_activities() -> None:
    limits = [{"period": "month", "points": 10}, {"scope": "member", "period": "day", "points": 4}]
    programme = compiled(on("c", fixed(4), limits=limits), campaign("bought", fixed(1), limits=limits))
    shared, own = "c|2017-01", f"c|2017-01-05|{MEMBER.member_id}"
    activity = Activity(REVIEWED)
    assert set(activity_counter_keys(programme, activity, MEMBER, THURSDAY)) == {shared, own}
    assert activity_counter_keys(programme, Activity("delivered"), MEMBER, THURSDAY) == ()
    assert shared_counter_keys(programme, total(1), THURSDAY) == ["bought|2017-01"]
    assert programme.counter_limits.keys() == {
        (name, *limit) for name in ("c", "bought") for limit in (("campaign", "month"), ("member", "day"))
    }
    found = evaluate_activity(programme, activity, MEMBER, THURSDAY, {shared: 7})
    assert (points(found), found.uses) == (3, (Use(shared, 3, 10), Use(own, 3, 4)))


def test_keys_are_named_before_a_receipt_is_converted() -> None:
    limit = [{"scope": "member", "period": "ever", "points": 10}]
    programme = compiled(campaign("c", fixed(4), limits=limit), currency="EUR")
    assert list(counter_keys(programme, total(1), MEMBER, THURSDAY)) == [f"c|ever|{MEMBER.member_id}"]


def test_an_activity_is_explained() -> None:
    programme = compiled(on("c", {"kind": "per_quantity", "points": 3}), on("d", fixed(1), when={"channels": ["app"]}))
    activity = Activity(REVIEWED, quantity=2)
    found = evaluate_activity(programme, activity, MEMBER, THURSDAY, {})
    told = explain_activity(found, activity, programme, MEMBER, THURSDAY)
    assert told["summary"] == "6 points by c."
    assert told["campaigns"][0]["arithmetic"] == "2 \u00d7 3 for each 1 = 6"
    assert told["inputs"].items() >= {"activity": REVIEWED, "quantity": 2, "lines": 0, "channel": "web"}.items()
    other = Activity("delivered")
    nothing = evaluate_activity(programme, other, MEMBER, THURSDAY, {})
    assert explain_activity(nothing, other, programme)["summary"] == "No points."
    assert why_not("c", programme, total(1), MEMBER, THURSDAY) == "trigger"
    assert describe("trigger") == "it is for something else"
    rules = programme.activities[REVIEWED]
    assert why_not("d", rules, as_receipt(activity, "USD"), MEMBER, THURSDAY) == "channels"


def test_a_decoded_payload_is_judged_as_it_is() -> None:
    text = '{"activity": "product-reviewed", "quantity": 2, "labels": ["with-photo"], "channel": "app"}'
    activity: Any = to_struct(ActivityRecordedV1.model_validate_json(text))
    effect = {"kind": "per_quantity", "points": 3}
    when = {"labels": ["with-photo"], "channels": ["app"]}
    assert points_for(activity, on("c", effect, when=when)) == 6


def split(text: dict[str, Any], numbers: set[int]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a document where some campaigns are for an activity, one of only the others, and one of only those."""
    trigger = {"kind": "activity", "activity": REVIEWED}
    mixed, bought, acted = [], [], []
    for number, one in enumerate(text["campaigns"]):
        if number in numbers and not any(one["when"].get(kind) not in (None, []) for kind in ONLY_OF_PURCHASES):
            mixed.append(one | {"trigger": trigger})
            acted.append(one)
        else:
            mixed.append(one)
            bought.append(one)
    whole, purchases, activities = ({**text, "campaigns": part} for part in (mixed, bought, acted))
    return whole, purchases, activities


activities = st.builds(
    Activity,
    st.just(REVIEWED),
    st.integers(-1, 5),
    st.integers(-500, 3000),
    store=st.sampled_from(("1", None)),
    channel=st.sampled_from(("store", "web")),
    labels=st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), documents(plain=True), receipts(), activities, instants, members)
def test_each_trigger_is_a_programme_of_its_own(data, text, bought, activity, at, member) -> None:  # type: ignore[no-untyped-def]
    used = data.draw(some_counters(text, at))
    parts = split(text, data.draw(st.sets(st.integers(0, 9))))
    mixed, purchases, own = (compile_programme(parse_programme(part)) for part in parts)
    assert evaluate(mixed, bought, member, at, used) == evaluate(purchases, bought, member, at, used)
    found = evaluate_activity(mixed, activity, member, at, used)
    assert found == evaluate(own, as_receipt(activity, "USD"), member, at, used)
    assert {use.key for use in found.uses} <= set(activity_counter_keys(mixed, activity, member, at))
    explain(evaluate(mixed, bought, member, at, used), bought, mixed, member, at)
    explain_activity(found, activity, mixed, member, at)
