"""The rules' sandbox: an expression that fails, grows or never ends pays nothing, quickly, and says why."""

from __future__ import annotations

import time

import pytest

from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.expressions import ExpressionFailed, ExpressionInvalid
from libs.promotions.facts import Line
from libs.promotions.variables import EXPRESSIONS, READERS, VARIABLES
from tests.unit.promotions.build import MEMBER, campaign, document, failures, fixed, judge, points, receipt

BREAD = Line("bread", 2, 1000, "bakery", "own")
PLAIN = Line("milk", 0, 500)


def pays(source: str, *lines: Line, **rest: object) -> bool:
    found = judge(document(campaign("c", fixed(5), cel=source)), receipt(*lines, **rest))
    return points(found) == 5


@pytest.mark.parametrize(
    "source",
    [
        "total_minor == 1500 && quantity == 2 && line_count == 2",
        'channel == "store" && store == "1" && partner == "" && payment == "" && currency == "USD"',
        'tier == "gold"',
        '"bread" in skus && "bakery" in categories && "" in brands',
        "hour == 12 && weekday == 4",
        'lines.exists(l, l.category == "bakery" && l.quantity >= 2 && l.amount_minor > 900)',
        'lines.filter(l, l.brand == "own").size() == 1',
    ],
)
def test_every_variable_can_be_used(source: str) -> None:
    assert pays(source, BREAD, PLAIN, store="1")


def test_only_what_is_mentioned_is_computed() -> None:
    assert EXPRESSIONS.compile("total_minor > 1 && 'x' in skus").names == ("total_minor", "skus")
    assert list(READERS) == list(VARIABLES)


@pytest.mark.parametrize(
    ("source", "column", "reason"),
    [
        ("totl > 1", 1, "undeclared reference to 'totl'"),
        ("total_minor + 'a' > 1", 13, "no matching overload"),
        ("total_minor > 1.5 &", 19, "Syntax error"),
        ("total_minor", 0, "must yield true or false"),
        ("lines[0].sku", 0, "must yield true or false"),
        ("total_minor > 1 || " * 600 + "true", 0, "at most 2000"),
        ("[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))", 0, "at most 3"),
        ("[1].all(a, [a].all(b, [b].all(c, true)))" + " " * 500, 0, "at most 500"),
        ("skus.all(a, size(a+a+a+a+a+a+a+a+a+a) > 0)", 0, "at most 8"),
        ("(" * 500 + "true" + ")" * 500, 0, "recursion limit"),
    ],
)
def test_a_bad_source_dies_at_publish(source: str, column: int, reason: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ExpressionInvalid, match=reason) as caught:
        EXPRESSIONS.compile(source)
    assert caught.value.column == column
    assert time.perf_counter() - started < 0.5


EVIL = {
    "division by zero": "1 / (total_minor - total_minor) > 0 || total_minor / quantity >= 0",
    "missing field": 'lines.all(l, l.colour == "red")',
    "wrong type inside": "lines.exists(l, l.sku > 3)",
    "overflow": "total_minor * 9223372036854775807 > 0",
    "bad conversion": "int(store) > 3",
    "300 x 300": "lines.all(a, lines.all(b, a.amount_minor + b.amount_minor > -100000))",
    "out of range": "skus[5000] == 'x'",
}


@pytest.mark.parametrize("source", EVIL.values(), ids=EVIL.keys())
def test_an_error_is_never_a_yes(source: str) -> None:
    lines = [Line(f"sku-{number}", 0, number) for number in range(300)]
    started = time.perf_counter()
    found = judge(document(campaign("c", fixed(5), cel=source)), receipt(*lines))
    assert time.perf_counter() - started < 0.5
    assert found.grants == ()
    assert failures(found)["c"].startswith(RULE_ERROR)
    assert [failed.campaign for failed in found.rule_errors] == ["c"]


def test_an_evil_regular_expression_and_a_huge_text_are_cheap() -> None:
    started = time.perf_counter()
    assert not pays('store.matches("(a+)+$") && store.matches("^(a|a)*b$")', BREAD, store="a" * 100_000)
    assert time.perf_counter() - started < 0.5


def test_a_variable_that_is_not_given_fails() -> None:
    assert isinstance(EXPRESSIONS.compile("total_minor > 1").holds({}), ExpressionFailed)


def test_without_a_member_the_tier_is_empty() -> None:
    text = document(campaign("c", fixed(5), cel='tier == ""'))
    assert points(judge(text, receipt(BREAD), member=None)) == 5
    assert points(judge(text, receipt(BREAD), member=MEMBER)) == 0
