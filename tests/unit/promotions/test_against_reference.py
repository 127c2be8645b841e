"""Random programmes and receipts: the engine agrees with the naive evaluator, for any order of campaigns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from libs.promotions.compile import compile_programme
from libs.promotions.decide import counter_keys, evaluate
from libs.promotions.document import parse_programme
from libs.promotions.evaluation import COMPANY, EXCLUDED, OUTRANKED, TOO_MANY, Discount, from_record, to_record
from libs.promotions.explain import explain, why_not
from tests.unit.promotions.build import discounted
from tests.unit.promotions.reference_payouts import Reference
from tests.unit.promotions.strategies import counters, documents, instants, members, receipts

STACKED = (OUTRANKED, EXCLUDED, COMPANY, TOO_MANY)


def thorough(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough(150)
@given(st.data(), documents(), receipts(), instants, members)
def test_the_engine_agrees_with_the_reference(data, document, receipt, at, member) -> None:  # type: ignore[no-untyped-def]
    programme = parse_programme(document)
    used = data.draw(counters(document, at))
    killed = frozenset(data.draw(st.sets(st.sampled_from(("c0", "c1")))))
    compiled = compile_programme(programme)

    found = evaluate(compiled, receipt, member, at, used, killed=killed)
    wanted = Reference(programme, receipt, member, at, used, killed).expected()

    over = {rest.wallet: rest.denominator for rest in found.remainders}
    assert {grant.wallet: grant.points for grant in found.grants} == wanted.points
    assert {(one.campaign, one.effect): Fraction(one.amount, over[one.wallet]) for one in found.paid} == wanted.paid
    assert {(one.campaign, one.effect): Fraction(one.before, over[one.wallet]) for one in found.paid} == wanted.before
    assert {
        rest.wallet: wanted.points.get(rest.wallet, 0) + Fraction(rest.numerator, rest.denominator)
        for rest in found.remainders
    } == wanted.exact
    losers = {(one.campaign, one.condition) for one in found.failed if one.condition.startswith(STACKED)}
    assert losers == wanted.losers
    assert {use.key: use.points for use in found.uses} == wanted.uses
    assert [(one.campaign, one.line, one.amount_minor) for one in found.discounts] == wanted.discounts
    assert [(one.campaign, one.reference, one.quantity) for one in found.granted] == wanted.granted


@thorough(60)
@given(st.data(), documents(), receipts(), instants, members)
def test_the_order_of_campaigns_means_nothing(data, document, receipt, at, member) -> None:  # type: ignore[no-untyped-def]
    used = data.draw(counters(document, at))
    shuffled = {**document, "campaigns": data.draw(st.permutations(document["campaigns"]))}
    one, other = (compile_programme(parse_programme(text)) for text in (document, shuffled))
    assert evaluate(one, receipt, member, at, used) == evaluate(other, receipt, member, at, used)


@thorough(60)
@given(st.data(), documents(plain=True), receipts(), instants, members)
def test_the_plain_way_ends_where_the_other_ends(data, document, receipt, at, member) -> None:  # type: ignore[no-untyped-def]
    used = data.draw(counters(document, at))
    compiled = compile_programme(parse_programme(document))
    assert compiled.plain
    plain, other = (evaluate(each, receipt, member, at, used) for each in (compiled, replace(compiled, plain=False)))
    assert sorted(plain.failed, key=str) == sorted(other.failed, key=str)
    assert structs.replace(plain, failed=()) == structs.replace(other, failed=())


@thorough(60)
@given(st.data(), documents(), receipts(), instants, members)
def test_bounds_and_records(data, document, receipt, at, member) -> None:  # type: ignore[no-untyped-def]
    """Nothing is negative, no counter passes its limit, a record is read back equal, and every key was announced."""
    used = data.draw(counters(document, at))
    compiled = compile_programme(parse_programme(document))
    found = evaluate(compiled, receipt, member, at, used)

    assert all(grant.points > 0 for grant in found.grants)
    assert all(0 < paid.amount <= paid.before for paid in found.paid)
    assert all(0 <= capped.amount < capped.before for capped in found.capped)
    assert all(used.get(use.key, 0) + use.points <= use.limit for use in found.uses)
    assert {use.key for use in found.uses} <= set(counter_keys(compiled, receipt, member, at))
    left = discounted(receipt, found.discounts)
    assert left.total_minor >= min(receipt.total_minor, 0)
    assert all(
        now.amount_minor >= 0 for now, was in zip(left.lines, receipt.lines, strict=True) if was.amount_minor >= 0
    )
    again = evaluate(compiled, left, member, at, used)
    if again.reason is None:
        assert _by_line(again.discounts) == _by_line(found.discounts), "what the till says it gave is what counts"
        assert {use.key for use in again.uses} <= set(counter_keys(compiled, left, member, at))
    assert from_record(to_record(found)) == found
    assert explain(found, receipt, compiled, member, at)["programme_version"] == 1
    for campaign in found.campaigns:
        assert why_not(campaign, compiled, receipt, member, at) is None


def _by_line(discounts: Iterable[Discount]) -> Counter[tuple[str, int | None]]:
    found: Counter[tuple[str, int | None]] = Counter()
    for one in discounts:
        found[one.campaign, one.line] += one.amount_minor
    return found
