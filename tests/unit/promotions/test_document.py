"""The document: every error names its path, the reason and what is allowed; equal documents have equal hashes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.promotions.compile import compile_programme
from libs.promotions.document import (
    ProgrammeInvalid,
    canonical_json,
    document_hash,
    parse_programme,
    parse_programme_yaml,
    programme_hash,
)
from libs.promotions.explain import explain
from libs.promotions.facts import Line
from libs.promotions.schema import programme_schema
from tests.bench.programmes import PAYING, bench_programme
from tests.unit.promotions.build import BASE, THURSDAY, campaign, document, fixed, judge, multiplier, receipt

DEMO = Path(__file__).parents[3] / "libs" / "promotions" / "examples" / "demo.yaml"


GOLD = {
    "demo": "6deb00e331e9d6239660ef3e00ca91218b26a1e24867f020ad4ce1aa63db07c0",
    "bench": "1ccb149e9e4ce78e10658c65294a53c231dac4f2b18b269a7d01179d856f7b76",
}
SLUG = "^[a-z0-9][a-z0-9_-]{0,63}$"
KINDS = (
    "'per_amount', 'per_quantity', 'fixed', 'per_tier', 'thresholds', 'together', 'formula', 'multiplier', "
    "'amount_off', 'percent_off', 'free_shipping', 'buy_get', 'bundle', 'coupon', 'gift_card', 'reward', 'badge', "
    "'lottery_ticket', 'sample', 'message', 'webhook', 'tier_points', 'extend'"
)


def one(**rest: Any) -> dict[str, Any]:
    """Return a document with one campaign."""
    return document(campaign("c", fixed(1), **rest))


def held(pending: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return a document whose wallet holds points back."""
    wallet = {"name": "points", "expiry": {"kind": "never"}, "pending": pending, **rest}
    return document() | {"wallets": [wallet]}


def on(activity: str, **rest: Any) -> dict[str, Any]:
    """Return a document with one campaign for an activity."""
    return one(trigger={"kind": "activity", "activity": activity}, **rest)


def errors(text: object) -> dict[str, tuple[str, str | None]]:
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme(text)
    return {error.path: (error.reason, error.allowed) for error in caught.value.errors}


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        (document() | {"zone": "Mars"}, "zone", None),
        (document() | {"wallets": []}, "wallets", None),
        (document() | {"rounding": "up"}, "rounding", "'floor', 'half_up' or 'ceil'"),
        (document() | {"colour": 1}, "colour", None),
        (document(campaign("c", fixed(0))), "campaigns[0].effect.points", None),
        (document(campaign("c", {"kind": "gift"})), "campaigns[0].effect", KINDS),
        (document(campaign("c", fixed(1) | {"wallet": "stars"})), "campaigns[0].effect.wallet", "points"),
        (document(campaign("c", fixed(1) | {"extra": 1})), "campaigns[0].effect.extra", None),
        (document(campaign("c", fixed(1)), campaign("c", fixed(1))), "campaigns[1].id", None),
        (one(cel="totl > 1"), "campaigns[0].cel", None),
        (one(mode="best"), "campaigns[0].group", None),
        (document(campaign("c", multiplier(100))), "campaigns[0].effect.percent", None),
        (one(frame={"hours": {"from": "8", "to": "25:00"}}), "campaigns[0].frame.hours.to", None),
        (one(frame={"hours": {"from": "08:00", "to": "08:00"}}), "campaigns[0].frame.hours.to", None),
        (one(frame={"starts_at": "2017-01-01T00:00:00"}), "campaigns[0].frame.starts_at", None),
        (one(frame={"starts_at": "0001-01-01T00:00:00+14:00"}), "campaigns[0].frame.starts_at", None),
        (one(frame={"ends_at": "9999-12-31T23:59:59-12:00"}), "campaigns[0].frame.ends_at", None),
        (one(when={"skus": ["milk", "a\x00b"]}), "campaigns[0].when.skus[1]", None),
        (one(limits=[{"period": "day", "points": 1}] * 2), "campaigns[0].limits[1]", None),
        (
            one(limits=[{"scope": "member", "period": "transaction", "points": 1}]),
            "campaigns[0].limits[0].scope",
            "campaign",
        ),
        (
            document(campaign("a", fixed(1), group="g", mode="best"), campaign("b", fixed(1), group="g", mode="first")),
            "campaigns[1].mode",
            "best",
        ),
        (
            document(campaign("a", fixed(1), group="g", mode="best"), campaign("b", BASE, group="g", mode="best")),
            "campaigns[1].effect",
            "addition in points",
        ),
        (held({"kind": "later"}), "wallets[0].pending", "'after', 'on_days', 'event'"),
        (held({"kind": "after", "days": 0}), "wallets[0].pending.days", None),
        (held({"kind": "after", "days": 3651}), "wallets[0].pending.days", None),
        (held({"kind": "on_days", "days_of_month": []}), "wallets[0].pending.days_of_month", None),
        (held({"kind": "on_days", "days_of_month": [1, 32]}), "wallets[0].pending.days_of_month[1]", None),
        (held({"kind": "on_days", "days_of_month": [1, 15, 1]}), "wallets[0].pending.days_of_month[2]", None),
        (held({"kind": "event", "activities": [], "deadline_days": 9}), "wallets[0].pending.activities", None),
        (
            held({"kind": "event", "activities": ["Got it"], "deadline_days": 9}),
            "wallets[0].pending.activities[0]",
            SLUG,
        ),
        (held({"kind": "event", "activities": ["delivered"]}), "wallets[0].pending.deadline_days", None),
        (
            held({"kind": "after", "days": 9}, expiry_from="birth"),
            "wallets[0].expiry_from",
            "'activation' or 'earning'",
        ),
        (
            one(trigger={"kind": "moon"}),
            "campaigns[0].trigger",
            "'purchase', 'activity', 'return', 'enrolled', 'tier_reached', 'segment_entered', 'segment_left', "
            "'birthday', 'anniversary', 'schedule'",
        ),
        (one(trigger={"kind": "activity"}), "campaigns[0].trigger.activity", None),
        (one(trigger={"kind": "purchase", "activity": "x"}), "campaigns[0].trigger.activity", None),
        (on("newsletter-subscribed", when={"skus": ["1"]}), "campaigns[0].when.skus", None),
        (on("newsletter-subscribed", when={"payments": ["card"]}), "campaigns[0].when.payments", None),
        (
            document() | {"returns": {"shortfall": "shrug"}},
            "returns.shortfall",
            "'debt', 'pending_only', 'up_to_balance' or 'operator'",
        ),
        (document() | {"claim_days": -1}, "claim_days", None),
        ([], "document", None),
    ],
)
def test_an_error_names_path_and_allowed_values(text: object, path: str, allowed: str | None) -> None:
    found = errors(text)
    assert path in found
    assert found[path][1] == allowed


def test_all_errors_are_named_at_once() -> None:
    assert len(errors({"version": 0, "zone": "Mars", "currency": "usd", "wallets": []})) == 3


def test_no_more_than_eight_compounding_multipliers() -> None:
    found = errors(document(*[campaign(f"c{one}", multiplier(150, compounding=True)) for one in range(9)]))
    assert list(found) == ["campaigns[8].effect.compounding"]


def test_the_hash_survives_json_and_the_order_of_keys() -> None:
    programme = parse_programme(one(frame={"hours": {"from": "22:00", "to": "02:00"}}))
    stored: dict[str, Any] = json.loads(canonical_json(programme))
    turned = dict(reversed(stored.items()))
    assert parse_programme(turned) == programme
    assert programme_hash(programme) == document_hash(turned) == programme_hash(parse_programme(turned))
    assert document_hash(turned | {"version": 2}) != document_hash(turned)


def test_stored_versions_keep_their_hashes() -> None:
    """Both were computed before the first field was declared with `unless_written`, the demo's without scenarios."""
    demo = yaml.safe_load(DEMO.read_text())
    assert demo.pop("scenarios")
    assert programme_hash(parse_programme(demo)) == GOLD["demo"]
    assert programme_hash(bench_programme(200, "acme")) == GOLD["bench"]


def test_what_absence_means_is_not_written_and_the_rest_is() -> None:
    plain = parse_programme(one())
    spelt = one(trigger={"kind": "purchase"}) | {"returns": {"shortfall": "debt"}, "claim_days": 60}
    spelt["wallets"] = [wallet | {"expiry_from": "activation", "pending": None} for wallet in spelt["wallets"]]
    assert canonical_json(parse_programme(spelt)) == canonical_json(plain)

    other = held({"kind": "on_days", "days_of_month": [1, 15]}, expiry_from="earning")
    other |= {"returns": {"shortfall": "operator"}, "claim_days": 0, "campaigns": on("delivered")["campaigns"]}
    stored = json.loads(canonical_json(parse_programme(other)))
    assert parse_programme(stored) == parse_programme(other)
    assert {key: stored[key] for key in ("returns", "claim_days")} == {
        key: other[key] for key in ("returns", "claim_days")
    }
    assert stored["wallets"] == [other["wallets"][0] | {"scale": 0}]
    assert stored["campaigns"][0]["trigger"] == {"kind": "activity", "activity": "delivered"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\nb: *x", "anchors"),
        ("version: 1\nversion: 2", "twice"),
        ("a: [", "expected"),
        ("a: !!python/none", "constructor"),
    ],
)
def test_bad_yaml_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ProgrammeInvalid, match=reason):
        parse_programme_yaml(text)


def test_yaml_times_stay_texts() -> None:
    text = DEMO.read_text().replace('{from: "08:00", to: "10:00"}', "{from: 22:00, to: 02:00}")
    hours = next(one.frame.hours for one in parse_programme_yaml(text).campaigns if one.id == "happy-hour")
    assert hours is not None
    assert (hours.from_, hours.to) == ("22:00", "02:00")


def test_the_demo_pays_and_explains() -> None:
    compiled = compile_programme(parse_programme_yaml(DEMO.read_text()))
    assert len(compiled.campaigns) == 12
    assert compiled.counter_limits == {("garden-budget", "campaign", "month"): 50_000}
    bought = receipt(Line("1082185", 1, 349, "PRODUCE", "National"), Line("995242", 9, 900, "GROCERY", "Private"))
    text = parse_programme_yaml(DEMO.read_text()).model_dump(by_alias=True)
    found = judge(text, bought)
    told = explain(found, bought, compiled, None, THURSDAY)
    assert told["summary"] == "33 points by base, private-label, bananas, breakfast."
    assert told["rounding"] == [
        {"wallet": "points", "mode": "floor", "exact": "33.99", "points": 33, "remainder": "0.99"}
    ]
    assert told["campaigns"][1]["arithmetic"] == "9 base points \u00d7 50% = 4.5"
    assert told["caps"][0] | {"name": ""} == {
        "campaign": "breakfast",
        "name": "",
        "wallet": "points",
        "limit": "transaction",
        "arithmetic": "9 \u00d7 3 for each 1 = 27",
        "before": "27",
        "after": "15",
    }
    assert {one["campaign"]: one["condition"] for one in told["not_paid"]}["happy-hour"] == "hours"


@pytest.mark.parametrize("campaigns", [20, 1000])
def test_the_bench_programme_pays_by_four(campaigns: int) -> None:
    text = bench_programme(campaigns, "acme").model_dump(by_alias=True)
    assert len(text["campaigns"]) == campaigns
    assert len(judge(text, receipt(Line("1", 1, 500, "x"))).paid) == PAYING


def test_a_fault_in_a_text_has_its_line() -> None:
    text = """\
$schema: https://loyalty.example/schemas/programme.schema.json
version: 1
zone: UTC
currency: USD
wallets: [{name: points, expiry: {kind: never}}]
campaigns:
  - id: a
    name: A
    state: live
    effect:
      kind: fixed
      points: 0
  - id: b
    state: lively
    effect: {kind: fixed, points: 1}
"""
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme_yaml(text)
    assert {(error.path, error.line) for error in caught.value.errors} == {
        ("campaigns[0].effect.points", 12),
        ("campaigns[1].name", 13),
        ("campaigns[1].state", 14),
    }
    right = text.replace("points: 0", "points: 1").replace("    state: lively", "    name: B\n    state: live")
    programme = parse_programme_yaml(right)
    assert b"$schema" not in canonical_json(programme)
    assert parse_programme_yaml(json.dumps(json.loads(canonical_json(programme)), indent=2)) == programme


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("? [a]\n: 1", "line 1, column 3"),
        ("zone: UTC\nzone: UTC\n", "line 2, column 1"),
        ('{"zone": "UTC", "zone": "UTC"}', "line 1, column 17"),
        ("zone: &a UTC\ncurrency: *a\n", "line 2, column 11"),
        ("[" * 5_000, "document"),
    ],
)
def test_a_text_that_can_not_be_read_says_where(text: str, where: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme_yaml(text)
    (error,) = caught.value.errors
    assert error.path == where


def test_the_schema_is_the_committed_one() -> None:
    committed = DEMO.parents[1] / "programme.schema.json"
    assert json.loads(committed.read_text()) == programme_schema(), "run `make generate`"
