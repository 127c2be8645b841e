"""The rules' sandbox: an expression that fails, grows or never ends pays nothing, and says why.

How long each takes is told where it is of interest; what would take for ever fails by that the run does not end.
"""

from __future__ import annotations

import time
from datetime import date

import pytest
from msgspec.structs import replace

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate_activity
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import RULE_ERROR
from libs.promotions.expressions import EXHAUSTED, ExpressionFailed, ExpressionInvalid
from libs.promotions.facts import Activity, Line
from libs.promotions.history import History, HistoryDay
from libs.promotions.variables import EXPRESSIONS, READERS, VARIABLES
from tests.unit.promotions.build import MEMBER, THURSDAY, campaign, document, failures, fixed, judge, points, receipt

BREAD = Line("bread", 2, 1000, "bakery", "own", ("bio",))
PLAIN = Line("milk", 0, 500)
KNOWN = replace(
    MEMBER,
    history=History(
        (
            HistoryDay(date(2015, 3, 1), visits=1, spend_minor=500, redemptions=1),
            HistoryDay(date(2016, 12, 29), visits=2, spend_minor=4000),
        )
    ),
    segments=("vip",),
    lists=(),
    attributes={"language": "de"},
    birthday=(1, 5),
    joined_on=date(2016, 1, 1),
)


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
        'labels == ["bio"] && lines.exists(l, "bio" in l.labels)',
        "day == 5 && month == 1",
        '"vip" in segments && !("staff" in lists) && attributes.language == "de"',
        "days_enrolled == 370 && days_to_birthday == 0 && days_since_purchase == 7",
        "visits_30_days == 2 && visits_365_days == 2 && visits_ever == 3 && visits_this_year == 0",
        "spend_minor_30_days == 4000 && spend_minor_ever == 4500 && redemptions_ever == 1",
        "spend_minor_365_days + spend_minor_this_year + redemptions_30_days == 4000",
        "redemptions_365_days == 0 && redemptions_this_year == 0 && !has(attributes.colour)",
    ],
)
def test_every_variable_can_be_used(source: str) -> None:
    found = judge(document(campaign("c", fixed(5), cel=source)), receipt(BREAD, PLAIN, store="1"), member=KNOWN)
    assert (points(found), found.rule_errors) == (5, ()), source


def test_what_is_not_known_pays_nothing() -> None:
    """Neither a yes nor a no, for a member without history and for one that never bought anything."""
    for member in (MEMBER, None, replace(MEMBER, history=History())):
        for source in ("days_since_purchase > 30", "days_since_purchase < 30 || 1 / total_minor > 5"):
            text = document(campaign("c", fixed(5), cel=source))
            found = judge(text, receipt(BREAD), member=member)
            assert failures(found) == {"c": RULE_ERROR + "days_since_purchase is not known"}
    text = document(campaign("c", fixed(5), cel="visits_ever == 0 || days_since_purchase > 30"))
    assert points(judge(text, receipt(BREAD), member=replace(MEMBER, history=History()))) == 5


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
    with pytest.raises(ExpressionInvalid, match=reason) as caught:
        EXPRESSIONS.compile(source)
    assert caught.value.column == column


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
    found = judge(document(campaign("c", fixed(5), cel=source)), receipt(*lines))
    assert found.grants == ()
    assert failures(found)["c"].startswith(RULE_ERROR)
    assert [failed.campaign for failed in found.rule_errors] == ["c"]
    assert (failures(found)["c"] == RULE_ERROR + EXHAUSTED) is (source == EVIL["300 x 300"])


def test_an_evil_regular_expression_and_a_huge_text_are_cheap() -> None:
    assert not pays('store.matches("(a+)+$") && store.matches("^(a|a)*b$")', BREAD, store="a" * 100_000)


@pytest.mark.parametrize(
    "source",
    [
        "lines.exists(a, lines.exists(b, lines.exists(c, a.quantity + b.quantity + c.quantity > 9)))",
        "data.all(a, data.all(b, data.all(c, a + b + c != a)))",
        'data.exists(k, data[k].matches("(a+)+$") && data[k].matches("^(a|a)*b$"))',
        "data.nothing > 3",
        "data.text / 0 > 3",
        "data.number / (data.number - data.number) > 3",
        "data.number + 9223372036854775807 > 3",
        "data.text > data.number",
        "data",
    ],
)
def test_whatever_an_expression_does_it_ends_soon_and_pays_nothing(source: str) -> None:
    """With as much data as an activity can carry, and a receipt of 300 lines; by the processor's clock."""
    try:
        predicate = EXPRESSIONS.compile(source)
    except ExpressionInvalid:
        return
    data: dict[str, object] = {f"text_{number}": "a" * 256 for number in range(30)} | {"number": 7, "text": "a" * 256}
    lines = [{"quantity": 0, "sku": "a" * 64} for _ in range(300)]
    spent = []
    for _ in range(3):
        started = time.process_time()
        answer = predicate.holds({"data": data, "lines": lines})
        spent.append(time.process_time() - started)
        assert answer is False or isinstance(answer, ExpressionFailed)
    print(f"{min(spent):.4f} seconds of the processor")


def test_a_text_of_a_megabyte_is_no_danger() -> None:
    rule = campaign("c", fixed(5), cel='data.text.matches("(a+)+$") && data.text.contains("b")')
    text = document(rule | {"trigger": {"kind": "activity", "activity": "said"}})
    programme = compile_programme(parse_programme(text))
    found = evaluate_activity(programme, Activity("said", data={"text": "a" * 1_000_000}), MEMBER, THURSDAY, {})
    assert found.grants == ()


def test_a_variable_that_is_not_given_fails() -> None:
    assert isinstance(EXPRESSIONS.compile("total_minor > 1").holds({}), ExpressionFailed)


def test_without_a_member_the_tier_is_empty() -> None:
    text = document(campaign("c", fixed(5), cel='tier == ""'))
    assert points(judge(text, receipt(BREAD), member=None)) == 5
    assert points(judge(text, receipt(BREAD), member=MEMBER)) == 0
