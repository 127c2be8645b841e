"""What is missing for more: whoever does what a hint says gets what it says, all else equal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import Line, Receipt
from libs.promotions.hints import Gain, Hint, Need, find_hints, hint_words
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, fixed, receipt, total
from tests.unit.promotions.strategies import counters, documents, instants, members, receipts

BREAD = Line("bread", 2, 300, "bakery")


def hinted(text: dict[str, Any], bought: Receipt) -> tuple[tuple[Hint, ...], list[str]]:
    programme = compile_programme(parse_programme(text))
    found = evaluate(programme, bought, MEMBER, THURSDAY, {})
    hints = find_hints(programme, bought, MEMBER, THURSDAY, {}, found)
    return hints, [hint_words(hint, programme) for hint in hints]


def test_money_that_is_missing() -> None:
    text = document(campaign("base", BASE), campaign("big", fixed(50), when={"min_total_minor": 1_000}))
    hints, words = hinted(text, total(590))
    assert hints == (Hint("big", (Need("spend", 410),), (Gain("points", 55),)),)
    assert words == ["Spend $4.10 more to get 55 points more."]
    assert hinted(text, total(1_000)) == ((), [])


def test_money_that_is_missing_on_what_counts() -> None:
    when = {"categories": ["bakery"], "min_amount_minor": 500}
    hints, words = hinted(document(campaign("bakery", fixed(5), when=when)), receipt(BREAD, Line("milk", 1, 900)))
    assert hints[0].needs == (Need("spend", 200, 0, ("bakery",)),)
    assert words == ["Spend $2.00 more on bakery to get 5 points more."]


def test_pieces_that_are_missing_cost_what_the_others_cost() -> None:
    text = document(
        campaign("base", BASE), campaign("three", fixed(7), when={"skus": ["bread"], "min_quantity": 4})
    )  # fmt: skip
    hints, words = hinted(text, receipt(BREAD))
    assert hints == (Hint("three", (Need("pieces", 2, 0, ("bread",)),), (Gain("points", 10),)),)
    assert words == ["Take 2 more of bread to get 10 points more."]


def test_a_step_that_is_not_full() -> None:
    effect = {"kind": "per_quantity", "points": 9, "per": 3}
    hints, words = hinted(document(campaign("dozen", effect)), receipt(Line("egg", 2, 60)))
    assert hints == (Hint("dozen", (Need("pieces", 1, 0),), (Gain("points", 9),)),)
    assert words == ["Take one more piece to get 9 points more."]


def test_several_things_that_are_missing() -> None:
    when = {"skus": ["bread"], "min_total_minor": 1_000, "min_quantity": 3}
    hints, words = hinted(document(campaign("both", fixed(5), when=when)), receipt(BREAD))
    assert hints[0].needs == (Need("spend", 700), Need("pieces", 1, 0, ("bread",)))
    assert words == ["Spend $7.00 more and take one more of bread to get 5 points more."]


@pytest.mark.parametrize(
    "more",
    [
        {"when": {"min_total_minor": 1_000, "tiers": ["silver"]}},
        {"when": {"min_total_minor": 1_000}, "cel": "total_minor < 900"},
        {"when": {"min_total_minor": 1_000}, "frame": {"weekdays": ["sun"]}},
        {"when": {"min_total_minor": 1_000}, "limits": [{"period": "transaction", "points": 0}]},
    ],
)
def test_what_money_can_not_buy_is_no_hint(more: dict[str, Any]) -> None:
    assert hinted(document(campaign("big", fixed(50), **more)), total(590)) == ((), [])


def test_the_cheapest_come_first_and_not_all_of_many() -> None:
    many = [campaign(f"c{least}", fixed(least), when={"min_total_minor": least * 100}) for least in range(9, 1, -1)]
    hints, _ = hinted(document(*many), total(100))
    assert [hint.campaign for hint in hints] == ["c2", "c3", "c4", "c5", "c6"]


def bought_more(bought: Receipt, hint: Hint) -> Receipt:
    """Do what a hint says, in words of this test."""
    lines, sum_minor = list(bought.lines), bought.total_minor
    for need in hint.needs:
        quantity, amount = (0, need.more) if need.kind == "spend" else (need.more, 0)
        if need.line is not None:
            was = lines[need.line]
            if need.kind == "pieces" and was.quantity > 0:
                amount = max(0, was.amount_minor) * need.more // was.quantity
            lines[need.line] = replace(
                was, quantity=was.quantity + quantity, amount_minor=was.amount_minor + amount
            )  # fmt: skip
        elif lines or need.kind == "pieces":
            lines.append(Line("", quantity or 1, amount))
        sum_minor += amount
    return replace(bought, lines=tuple(lines), total_minor=sum_minor)


def points(found: Evaluation) -> dict[str, int]:
    return {grant.wallet: grant.points for grant in found.grants}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), documents(), receipts(), instants, members)
def test_following_a_hint_brings_what_it_says(data, text, bought, at, member) -> None:  # type: ignore[no-untyped-def]
    programme = compile_programme(parse_programme(text))
    used = data.draw(counters(text, at))
    found = evaluate(programme, bought, member, at, used)
    for hint in find_hints(programme, bought, member, at, used, found):
        then = evaluate(programme, bought_more(bought, hint), member, at, used)
        assert hint.campaign in then.campaigns
        assert hint.campaign not in found.campaigns
        for wallet, more in hint.gains:
            assert points(then)[wallet] - points(found).get(wallet, 0) == more > 0
        for language in ("en", "de"):
            assert hint_words(hint, programme, language)
