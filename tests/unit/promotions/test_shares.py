"""Which line brought which points: the shares and the rest are all of it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import Line, Receipt
from libs.promotions.shares import Shares, share_out
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, fixed, multiplier, receipt, total
from tests.unit.promotions.strategies import counters, documents, instants, members, receipts


def shared(text: dict[str, Any], bought: Receipt) -> tuple[Shares, ...]:
    programme = compile_programme(parse_programme(text))
    return share_out(programme, bought, MEMBER, THURSDAY, evaluate(programme, bought, MEMBER, THURSDAY, {}))


def test_lines_bring_what_was_counted_on_them() -> None:
    text = document(
        campaign("base", BASE), campaign("fish", multiplier(300), when={"skus": ["fish"]}), campaign("once", fixed(7))
    )
    bought = receipt(Line("bread", 1, 500), Line("fish", 1, 1_000))
    assert shared(text, bought) == (Shares("points", (5, 30), 7),)


def test_a_receipt_without_lines_has_all_in_the_rest() -> None:
    assert shared(document(campaign("base", BASE)), total(1_250)) == (Shares("points", (), 12),)


def test_a_cut_amount_is_shared_after_the_cut() -> None:
    text = document(campaign("base", BASE, limits=[{"period": "transaction", "points": 10}]))
    assert shared(text, receipt(Line("a", 1, 3_000), Line("b", 1, 1_000))) == (Shares("points", (8, 2), 0),)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), documents(), receipts(), instants, members)
def test_shares_add_up(data, text, bought, at, member) -> None:  # type: ignore[no-untyped-def]
    programme = compile_programme(parse_programme(text))
    found = evaluate(programme, bought, member, at, data.draw(counters(text, at)))
    shares = share_out(programme, bought, member, at, found)
    assert {each.wallet: sum(each.lines) + each.rest for each in shares} == {
        grant.wallet: grant.points for grant in found.grants
    }
    assert all(points >= 0 for each in shares for points in (*each.lines, each.rest))
    assert all(len(each.lines) == len(bought.lines) for each in shares)
