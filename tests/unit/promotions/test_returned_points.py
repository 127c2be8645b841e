"""Points of a purchase of which parts come back: where it ends depends on what came back, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.promotions.basket import NOTHING, add, remaining
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import Evaluation
from libs.promotions.facts import Line, MemberFacts, Receipt
from libs.promotions.rates import RATE_UNIT, convert
from tests.unit.promotions.build import BASE, MEMBER, THURSDAY, campaign, document, fixed, receipt
from tests.unit.promotions.returns import OfLine, Return, returns, some_returns
from tests.unit.promotions.strategies import counters as some_counters
from tests.unit.promotions.strategies import documents, instants, members, receipts


class Life:
    """A purchase from its first judgement on; like whoever keeps books, it knows counters only as they are now."""

    def __init__(
        self,
        programme: CompiledProgramme,
        bought: Receipt,
        member: MemberFacts,
        at: datetime,
        counters: Mapping[str, int],
        rate_e9: int = RATE_UNIT,
    ) -> None:
        self._judge = programme, member, at
        self._bought = bought
        self._rate_e9 = rate_e9
        self._returned = NOTHING
        self._own: dict[str, int] = {}
        self.counters = dict(counters)
        self.points: dict[str, int] = {}
        self.given = 0
        self.taken = 0
        self.evaluation: Evaluation | None = None
        self._settle()

    def give_back(self, one: Return) -> None:
        self._returned = add(self._returned, one)
        self._settle()

    def _settle(self) -> None:
        programme, member, at = self._judge
        for key, points in self._own.items():
            self.counters[key] -= points
        self._own, self.evaluation, target = {}, None, {}
        left = remaining(self._bought, self._returned)
        if left is not None:
            judged = convert(left, self._rate_e9, left.currency, programme.currency)
            self.evaluation = evaluate(programme, judged, member, at, self.counters)
            target = {grant.wallet: grant.points for grant in self.evaluation.grants}
            self._own = {use.key: use.points for use in self.evaluation.uses}
        for key, points in self._own.items():
            self.counters[key] = self.counters.get(key, 0) + points
        for wallet in target.keys() | self.points.keys():
            change = target.get(wallet, 0) - self.points.get(wallet, 0)
            self.given += max(change, 0)
            self.taken += max(-change, 0)
        self.points = target


def lived(life: Life, each: Sequence[Return]) -> Life:
    for one in each:
        life.give_back(one)
    return life


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), documents(), receipts(), instants, members, some_returns, st.sampled_from((1, 2, 3)))
def test_any_order_of_returns_ends_where_the_direct_calculation_ends(  # type: ignore[no-untyped-def]
    data, text, bought, at, member, each, price
) -> None:
    used = data.draw(some_counters(text, at))
    programme = compile_programme(parse_programme(text))
    rate = RATE_UNIT * price // 2
    life = lived(Life(programme, bought, member, at, used, rate), data.draw(st.permutations(each)))

    left = remaining(bought, returns(*each))
    direct = None if left is None else evaluate(programme, convert(left, rate, "USD", "USD"), member, at, used)
    assert life.evaluation == direct
    assert life.given - life.taken == sum(life.points.values())
    uses = {} if direct is None else {use.key: use.points for use in direct.uses}
    wanted = {key: used.get(key, 0) + uses.get(key, 0) for key in used.keys() | uses.keys()}
    assert {key: points for key, points in life.counters.items() if points} == {k: v for k, v in wanted.items() if v}

    life.give_back(Return())
    assert life.points == {}
    assert life.given == life.taken
    assert {key: points for key, points in life.counters.items() if points} == {k: v for k, v in used.items() if v}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), documents(), receipts(), instants, members)
def test_nothing_returned_changes_nothing(data, text, bought, at, member) -> None:  # type: ignore[no-untyped-def]
    """Judged again with its own uses taken off the counters, a purchase gets the same evaluation."""
    used = data.draw(some_counters(text, at))
    life = Life(compile_programme(parse_programme(text)), bought, member, at, used)
    first = life.evaluation
    life.give_back(Return(amount_minor=0))
    assert life.evaluation == first
    assert life.taken == 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3000)), min_size=1, max_size=5),
    st.integers(1, 7),
    st.data(),
)
def test_piece_by_piece_leaves_no_point_behind(sold: list[tuple[int, int]], per: int, data: st.DataObject) -> None:
    lines = [Line(f"sku-{place}", quantity, amount) for place, (quantity, amount) in enumerate(sold)]
    effect = {"kind": "per_amount", "points": 1, "per_minor": per * 100}
    programme = compile_programme(parse_programme(document(campaign("base", effect), campaign("once", fixed(5)))))
    pieces = [Return((OfLine(place, 1),)) for place, (many, _) in enumerate(sold, start=1) for _ in range(many)]
    life = Life(programme, receipt(*lines), MEMBER, THURSDAY, {})
    for one in data.draw(st.permutations(pieces)):
        before = life.points.get("points", 0)
        life.give_back(one)
        assert life.points.get("points", 0) <= before
    assert life.points == {}
    assert life.taken == life.given


@pytest.mark.parametrize(
    ("each", "wanted"),
    [
        ([OfLine(1, 1)], [12 + 7]),
        ([OfLine(1, 1), OfLine(1, 1)], [12 + 7, 3 + 7]),
        ([OfLine(2)], [17]),
        ([OfLine(2, 1, 0)], [20]),  # the article is gone, the money is not
        ([OfLine(1), OfLine(2)], [3 + 7, 0]),
    ],
)
def test_worked(each: list[OfLine], wanted: list[int]) -> None:
    """17.30 and 3.40: 20.7 points, and 7 for the second article."""
    programme = compile_programme(
        parse_programme(document(campaign("base", BASE), campaign("milk", fixed(7), when={"skus": ["milk"]})))
    )
    life = Life(programme, receipt(Line("bread", 2, 1730), Line("milk", 1, 340)), MEMBER, THURSDAY, {})
    assert life.points == {"points": 27}
    found = []
    for one in each:
        life.give_back(Return((one,)))
        found.append(life.points.get("points", 0))
    assert found == wanted
