"""Receipt after receipt with the same counters: the reference agrees at each, and no limit is ever passed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.promotions.compile import compile_programme
from libs.promotions.decide import evaluate
from libs.promotions.document import parse_programme
from libs.promotions.facts import MemberFacts, Receipt
from tests.unit.promotions.reference_payouts import Reference
from tests.unit.promotions.strategies import documents, instants, members, receipts
from tests.unit.promotions.test_against_reference import thorough

Bought = tuple[Receipt, datetime, MemberFacts]


@thorough(60)
@given(documents(), st.lists(st.tuples(receipts(), instants, members), min_size=2, max_size=8), st.booleans())
def test_what_was_used_before_counts_and_no_limit_is_passed(
    document: dict[str, Any], bought: list[Bought], same_day: bool
) -> None:
    programme = parse_programme(document)
    compiled, used = compile_programme(programme), Counter[str]()
    for receipt, at, member in bought:
        when = bought[0][1] if same_day else at  # so that the counters of days and weeks are met more than once
        found = evaluate(compiled, receipt, member, when, used)
        wanted = Reference(programme, receipt, member, when, used, frozenset()).expected()
        assert {grant.wallet: grant.points for grant in found.grants} == wanted.points
        assert {use.key: use.points for use in found.uses} == wanted.uses
        for use in found.uses:
            used[use.key] += use.points
            assert 0 < use.points <= used[use.key] <= use.limit
