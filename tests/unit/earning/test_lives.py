"""Random lives of a basket: in any order, cut and repeated anyhow, they end where the direct calculation ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.history.days import MemberDays
from libs.history.needs import Needs
from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import RunningProgramme, activate
from libs.promotions.history import EVER
from tests.support.database import ACME, programme_document
from tests.support.lives import corrected, returned, voided
from tests.support.receipts import Record, line, purchase
from tests.support.simulated import World

NOW = datetime(2026, 11, 10, 18, tzinfo=UTC)
MEMBER = UUID(int=1)


def programmes(**changes: Any) -> Programmes:
    document = programme_document(ACME) | changes
    version = activate(datetime(2016, 1, 1, tzinfo=UTC), document)
    running = RunningProgramme(1, 1, "acme", "main", (version,), history=Needs((EVER,), by_category=True))
    return by_prefix([("/acme/pos", (1, 1))], {(1, 1): running})


def at(minute: int) -> datetime:
    return NOW - timedelta(hours=6) + timedelta(minutes=minute)


class Fact:
    """One thing that is said: its record, and what it means."""

    def __init__(self, number: int, kind: str, minute: int, lines: list[tuple[str, int, int]], back: Any) -> None:
        self.kind, self.minute, self.lines, self.back, self.name = kind, minute, lines, back, f"E-{number}"
        goods = [line(sku, amount, quantity=quantity) for sku, quantity, amount in lines]
        if kind == "purchase":
            self.record: Record = purchase("R-1", goods, time=at(minute)) if number == 0 else purchase(
                "R-1", goods, time=at(minute), source=f"/acme/pos/2/{number}"
            )  # fmt: skip
        elif kind == "correction":
            self.record = corrected(self.name, "R-1", goods, time=at(minute), purchased_at=at(0))
        elif kind == "void":
            self.record = voided(self.name, "R-1", time=at(minute))
        else:
            parts, amount = back
            self.record = returned(
                self.name,
                "R-1",
                [{"line": n, "quantity": q, "amount_minor": a} for n, q, a in parts],
                amount=amount,
                time=at(minute),
            )

    def __repr__(self) -> str:
        return f"{self.minute}: {self.kind} {self.back if self.kind == 'return' else self.lines}"


LINES = st.lists(
    st.tuples(st.sampled_from(["any", "coffee-500g"]), st.integers(1, 4), st.integers(0, 9_000)), min_size=1, max_size=4
)
BACK = st.tuples(
    st.lists(
        st.tuples(st.integers(1, 5), st.none() | st.integers(1, 3), st.none() | st.integers(0, 3_000)), max_size=3
    ),
    st.none() | st.integers(1, 4_000),
)
FACTS = st.lists(
    st.tuples(st.sampled_from(["purchase", "correction", "void", "return", "return"]), LINES, BACK),
    min_size=0,
    max_size=6,
)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Fact], list[int], list[int]]:
    """Facts at different minutes after a first purchase, an order of arrival with repeats, and cuts of batches."""
    told = draw(FACTS)
    minutes = draw(st.permutations(range(1, len(told) + 1)))
    facts = [Fact(0, "purchase", 0, draw(LINES), None)]
    facts += [
        Fact(number, kind, minute, lines, back)
        for number, ((kind, lines, back), minute) in enumerate(zip(told, minutes, strict=True), 1)
    ]
    order = list(draw(st.permutations(range(len(facts)))))
    order += draw(st.lists(st.sampled_from(order), max_size=3))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=4)))
    return facts, order, cuts


def by_hand(facts: list[Fact]) -> tuple[int, int | None]:
    """The points of what stands in the end, and what was spent (None: no purchase), straight from the facts."""
    content: list[tuple[str, int, int]] | None = None
    back: list[Any] = []
    for fact in sorted(facts, key=lambda fact: fact.minute):
        if (fact.kind == "purchase" and content is None) or fact.kind == "correction":
            content = fact.lines
        elif fact.kind == "void":
            content, back = None, []
        elif fact.kind == "return":
            back.append(fact.back)
    if content is None or any(not parts and amount is None for parts, amount in back):
        return 0, None
    left = []
    loose = sum(amount or 0 for _, amount in back)
    for number, (sku, quantity, price) in enumerate(content, 1):
        of_line = [(q, a) for parts, _ in back for n, q, a in parts if n == number]
        if any(q is None and a is None for q, a in of_line):
            continue
        pieces = sum(q for q, a in of_line if a is None)
        priced = sum(q or 0 for q, a in of_line if a is not None)
        money = max(price - price * min(pieces, quantity) // quantity - sum(a or 0 for _, a in of_line), 0)
        rest = max(quantity - pieces - priced, 0)
        if money == 0 and ((pieces + priced and rest == 0) or price):
            continue
        left.append((sku if rest or not (pieces + priced) else "", money))
    loose += sum(a or 0 for parts, _ in back for n, _, a in parts if n > len(content))
    total = sum(money for _, money in left)
    if not left or (loose and loose >= total):
        return 0, None
    total -= loose
    coffee = any(sku == "coffee-500g" for sku, _ in left)
    points: int = total // 100 + 25 * coffee + (50 if total >= 10_000 else 0)
    return points, total


@given(lives())
@settings(max_examples=400, deadline=None)
def test_any_order_of_anything_ends_where_the_direct_calculation_ends(
    life: tuple[list[Fact], list[int], list[int]],
) -> None:
    facts, order, cuts = life
    world = World(programmes())
    world.enrol(MEMBER, ["card:1"], at(-1))
    bounds = [0, *cuts, len(order)]
    for start, end in pairwise(bounds):
        world.batch([facts[index].record for index in order[start:end]], NOW)
    points, spent = by_hand(facts)
    assert world.points(MEMBER) == points
    done = world.days.get(MEMBER, MemberDays()).seen(EVER, NOW.date())
    assert done[:3] == ((0, 0, 0) if spent is None else (1, spent, points))
    assert world.flaws() == []
