"""Returns of a purchase, written short and at random."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from libs.promotions.basket import NOTHING, Returned, add


@dataclass(frozen=True)
class OfLine:
    line: int
    quantity: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Return:
    lines: tuple[OfLine, ...] = ()
    amount_minor: int | None = None


def returns(*each: Return) -> Returned:
    found = NOTHING
    for one in each:
        found = add(found, one)
    return found


of_lines = st.builds(OfLine, st.integers(1, 7), st.none() | st.integers(1, 4), st.none() | st.integers(0, 1500))
some_returns = st.lists(
    st.builds(Return, st.lists(of_lines, max_size=3).map(tuple), st.none() | st.integers(0, 900)), max_size=5
)
