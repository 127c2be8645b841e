"""What campaigns give beyond points by amount and quantity: the corners that the library's examples do not show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.promotions.compile import compile_programme
from libs.promotions.decide import counter_keys, shared_counter_keys
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme
from libs.promotions.evaluation import RULE_ERROR, Capped, Discount, Evaluation, Use, from_record, to_record
from libs.promotions.explain import explain
from libs.promotions.facts import Line
from libs.promotions.given import GivenDiscount
from tests.unit.promotions.build import (
    BASE,
    MEMBER,
    THURSDAY,
    campaign,
    discounted,
    document,
    failures,
    fixed,
    judge,
    multiplier,
    points,
    receipt,
    total,
)

BREAD, MILK = Line("bread", 3, 900, "bakery"), Line("milk", 2, 200, "dairy")
TEN_PERCENT = {"kind": "percent_off", "percent": 10}
COUPON = {"kind": "coupon", "reference": "spring"}


def several(name: str, *effects: dict[str, Any], **rest: Any) -> dict[str, Any]:
    made = campaign(name, {}, effects=list(effects), **rest)
    del made["effect"]
    return made


def off(found: Evaluation) -> list[tuple[str, int | None, int]]:
    return [(one.campaign, one.line, one.amount_minor) for one in found.discounts]


def test_effects_of_one_campaign_pay_in_their_phases() -> None:
    """The multiplier sees the base of its own campaign, whatever the order they are written in."""
    text = document(several("c", fixed(7), multiplier(200), BASE), several("d", fixed(1), COUPON))
    found = judge(text, receipt(BREAD))
    assert [(one.campaign, one.effect, one.before) for one in found.paid] == [
        ("c", 2, 900),
        ("c", 1, 900),
        ("c", 0, 700),
        ("d", 0, 100),
    ]
    assert points(found) == 9 + 9 + 7 + 1
    assert found.campaigns == ("c", "d")


def test_a_limit_holds_for_all_effects_together() -> None:
    limits = [{"period": "day", "points": 12}]
    found = judge(document(several("c", BASE, fixed(7), limits=limits)), receipt(BREAD))
    assert points(found) == 12
    assert found.uses == (Use("c|2017-01-05", 12, 12),)
    assert [one.effect for one in found.capped] == [1]


def test_a_formula_that_fails_is_counted_and_leaves_the_rest() -> None:
    text = document(several("c", {"kind": "formula", "cel": "10 / quantity", "most": 9}, fixed(2)))
    found = judge(text, receipt(Line("bread", 0, 100)))
    assert points(found) == 2
    assert [failed.condition for failed in found.rule_errors] == [f"{RULE_ERROR}divide by zero"]
    assert points(judge(text, receipt(BREAD))) == 3 + 2


def test_what_gives_nothing_in_the_end_uses_nothing() -> None:
    limited = campaign(
        "c", {"kind": "per_amount", "points": 1, "per_minor": 100}, limits=[{"period": "day", "points": 9}]
    )
    assert judge(document(limited), total(40)).uses == ()


def test_no_discount_is_more_than_what_is_left() -> None:
    text = document(
        campaign("a", {"kind": "amount_off", "amount_minor": 700}, when={"skus": ["bread"]}, priority=2),
        campaign("b", {"kind": "amount_off", "amount_minor": 5_000}, priority=1),
        campaign("c", TEN_PERCENT),
    )
    bought = receipt(BREAD, MILK, Line("voucher", 1, -300))
    found = judge(text, bought)
    assert off(found) == [("a", 1, 700), ("b", 1, 50), ("b", 2, 50)]
    assert failures(found) == {"c": "nothing-earned"}
    assert discounted(bought, found.discounts).total_minor == 0
    assert [line.amount_minor for line in discounted(bought, found.discounts).lines] == [150, 150, -300]


def test_a_basket_without_lines_is_discounted_as_a_whole() -> None:
    found = judge(document(campaign("c", TEN_PERCENT)), total(999))
    assert off(found) == [("c", None, 99)]
    given = (GivenDiscount("c", 99),)
    assert discounted(total(999), found.discounts) == total(900, discounts=given)


def test_points_of_a_discounted_basket_are_those_of_the_receipt_that_comes() -> None:
    text = document(campaign("base", BASE), campaign("off", TEN_PERCENT))
    basket = receipt(BREAD, MILK)
    offered = judge(text, basket)
    assert (points(offered), off(offered)) == (11, [("off", 1, 90), ("off", 2, 20)])
    assert points(judge(text, discounted(basket, offered.discounts))) == 9


def test_times_are_counted_once_a_receipt_and_cap_what_they_refuse() -> None:
    limits = [{"scope": "member", "period": "week", "times": 2}]
    text = document(several("c", BASE, TEN_PERCENT, COUPON, limits=limits))
    key = f"c#times|2017-W01|{MEMBER.member_id}"
    assert judge(text, receipt(BREAD), counters={key: 1}).uses == (Use(key, 1, 2),)
    refused = judge(text, receipt(BREAD), counters={key: 2})
    assert (points(refused), refused.discounts, refused.granted, refused.uses) == (0, (), (), ())
    assert refused.capped == (Capped("c", "points", key, 900, 900, 0, 0), Capped("c", "USD", key, 90, 90, 0, 1))


def test_limits_of_all_campaigns() -> None:
    text = document(campaign("a", fixed(10)), campaign("b", fixed(10))) | {
        "limits": [
            {"period": "transaction", "points": 15},
            {"scope": "store", "period": "ever", "points": 100},
            {"period": "month", "times": 5},
        ]
    }
    bought = receipt(BREAD, store="7")
    found = judge(text, bought)
    assert points(found) == 15
    assert found.uses == (Use("*points|ever|store=7", 15, 100), Use("*#times|2017-01", 1, 5))
    compiled = compile_programme(parse_programme(text))
    keys = ["*points|ever|store=7", "*#times|2017-01"]
    assert list(counter_keys(compiled, bought, MEMBER, THURSDAY)) == keys
    assert shared_counter_keys(compiled, bought, THURSDAY) == keys


def test_who_pays_only_in_company_excludes_nobody_when_alone() -> None:
    text = document(
        campaign("a", fixed(1), priority=9, excludes=["b"], only_with=["d"]),
        campaign("b", fixed(2)),
        campaign("c", fixed(4), only_with=["b"]),
        campaign("d", fixed(8), when={"stores": ["7"]}),
    )
    assert points(judge(text, receipt(BREAD))) == 6
    text["campaigns"][2]["priority"] = 10
    assert points(judge(text, receipt(BREAD))) == 6
    found = judge(text, receipt(BREAD, store="7"))
    assert points(found) == 1 + 8
    assert failures(found) == {"b": "excluded-by:a", "c": "only-with"}


def test_everything_is_explained_and_read_back() -> None:
    text = document(
        several("c", BASE, {"kind": "per_tier", "tiers": [{"tier": "gold", "points": 3}], "per_minor": 200}, COUPON),
        campaign("t", {"kind": "thresholds", "steps": [{"from_minor": 500, "points": 5}]}),
        campaign("p", {"kind": "together", "points": 2, "with": {"skus": ["milk"]}}, when={"skus": ["bread"]}),
        campaign("f", {"kind": "formula", "cel": "line_count * 3", "most": 5}),
        campaign("o", TEN_PERCENT, limits=[{"period": "transaction", "discount_minor": 20}]),
        campaign("x", fixed(1), limits=[{"period": "ever", "times": 0}]),
    )
    bought = receipt(BREAD, MILK)
    found = judge(text, bought)
    assert from_record(json.loads(json.dumps(to_record(found)))) == found
    told = explain(found, bought, compile_programme(parse_programme(text)), MEMBER, THURSDAY)
    assert told["summary"] == "39 points, 20 minor units off, 1 \u00d7 coupon spring by c, f, p, t, o."
    assert [one["arithmetic"] for one in told["campaigns"]] == [
        "1100 minor units \u00d7 1 / 100 = 11",
        "1100 minor units \u00d7 3 / 200 for the tier = 16.5",
        "5 by its expression, 5 at most = 5",
        "1 \u00d7 2 for each pair = 2",
        "5 once from 500 minor units on = 5",
    ]
    assert [(one["campaign"], one["wallet"], one["before"], one["after"]) for one in told["caps"]] == [
        ("x", "points", "1", "0"),
        ("o", "USD", "110", "20"),
    ]
    assert told["granted"] == [{"campaign": "c", "name": "C", "kind": "coupon", "reference": "spring", "quantity": 1}]


STATUS = {"name": "status", "levels": [{"name": "blue"}, {"name": "gold", "needs": {"tier_points": 20}}]}


def test_tier_points_go_to_their_set_and_are_explained_and_told_what_is_wrong() -> None:
    each = {"kind": "tier_points", "points": 3, "per_minor": 1_000}
    text = document(campaign("t", each), tier_sets=[STATUS])
    bought = receipt(BREAD, MILK)
    found = judge(text, bought)
    assert [(one.kind, one.reference, one.quantity) for one in found.granted] == [("tier_points", "status", 3)]
    told = explain(found, bought, compile_programme(parse_programme(text)), MEMBER, THURSDAY, language="de")
    assert told["summary"] == "3 Stufenpunkte (status) durch t."
    two = [STATUS, STATUS | {"name": "stars"}]
    for sets, effect in (([], each), (two, each), (two, each | {"tier_set": "sun"})):
        with pytest.raises(ProgrammeInvalid) as refused:
            parse_programme(document(campaign("t", effect), tier_sets=sets))
        assert refused.value.errors[0].path == "campaigns[0].effect.tier_set"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (several("c"), "campaigns[0].effect"),
        (campaign("c", fixed(1), effects=[fixed(2)]), "campaigns[0].effect"),
        (several("c", *[fixed(1)] * 9), "campaigns[0].effects"),
        (several("c", BASE, fixed(1) | {"wallet": "stars"}), "campaigns[0].effects[1].wallet"),
        (campaign("c", {"kind": "together", "points": 1, "with": {"skus": ["x"]}}), "campaigns[0].effect"),
        (campaign("c", {"kind": "buy_get", "buy": 1, "of": {}}), "campaigns[0].effect.of.skus"),
        (campaign("c", {"kind": "percent_off"}), "campaigns[0].effect.percent"),
        (campaign("c", {"kind": "formula", "cel": "channel", "most": 1}), "campaigns[0].effect.cel"),
        (campaign("c", TEN_PERCENT, trigger={"kind": "activity", "activity": "x"}), "campaigns[0].effect"),
        (campaign("c", fixed(1), limits=[{"period": "day"}]), "campaigns[0].limits[0].points"),
        (campaign("c", fixed(1), limits=[{"period": "day", "points": 1, "times": 1}]), "campaigns[0].limits[0].points"),
        (campaign("c", fixed(1), limits=[{"period": "transaction", "times": 1}]), "campaigns[0].limits[0].period"),
        (campaign("c", fixed(1), excludes=["d"]), "campaigns[0].excludes[0]"),
        (campaign("c", fixed(1), only_with=["c"]), "campaigns[0].only_with[0]"),
        (several("c", TEN_PERCENT, fixed(1), group="g", mode="best"), "campaigns[0].effects[0]"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(document(wrong))
    assert [error.path for error in refused.value.errors] == [path]


def test_what_is_not_used_is_not_written() -> None:
    """Documents from before there was any of this keep their bytes, and so their hashes."""
    text = document(campaign("c", BASE, limits=[{"period": "day", "points": 5}]))
    spelt = text | {"limits": [], "stacking": {"max_campaigns": None}}
    spelt["campaigns"] = [text["campaigns"][0] | {"effects": [], "excludes": [], "only_with": []}]
    spelt["campaigns"][0]["effect"] = BASE | {"above_minor": 0}
    assert canonical_json(parse_programme(spelt)) == canonical_json(parse_programme(text))
    stored = json.loads(canonical_json(parse_programme(text)))
    assert stored["campaigns"][0]["limits"] == [{"period": "day", "points": 5, "scope": "campaign"}]
    assert not stored.keys() & {"limits", "stacking"}


def test_decisions_from_before_are_still_read() -> None:
    before = [
        3,
        None,
        [["points", 4]],
        [["base", "points", 400, 4, 4]],
        [],
        [["a", "points", "a|ever", 1, 2, 0]],
        [],
        [],
    ]
    found = from_record(before)
    assert (found.discounts, found.granted, found.paid[0].effect, found.capped[0].effect) == ((), (), 0, 0)
    assert found.campaigns == ("base",)


def test_a_discount_names_the_line_by_its_number() -> None:
    found = judge(document(campaign("c", TEN_PERCENT, when={"skus": ["milk"]})), receipt(BREAD, MILK))
    assert found.discounts == (Discount("c", 2, 20, "percent_off"),)
