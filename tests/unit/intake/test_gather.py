"""Rows that belong together: neighbours of one key, none lost, none paid in part."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.rejection import Rejection
from libs.intake.gather import MOST_ROWS, Gathered, gather
from libs.intake.rows import read_rows


def gathered(text: str) -> list[Gathered]:
    rows = read_rows(io.BytesIO(("key,x\n" + text).encode()), "csv")
    return list(gather(rows, lambda cells: cells.get("key")))


def told(text: str) -> list[list[str] | str]:
    return [
        each.content.code if isinstance(each.content, Rejection) else [cells.get("x", "") for cells in each.content]
        for each in gathered(text)
    ]


def test_neighbours_with_one_key_are_one() -> None:
    assert told("A,1\nA,2\nB,3\nA,4\n") == [["1", "2"], ["3"], ["4"]]
    first = gathered("A,1\nA,2\nB,3\n")[0]
    assert (first.line, first.end.line, first.text) == (2, 3, "A,1\nA,2")


def test_a_damaged_row_between_two_keys_stands_alone() -> None:
    assert told("A,1\nbad\nB,3\n") == [["1"], "columns", ["3"]]
    assert told("A,1\nbad\n") == [["1"], "columns"]
    assert told("bad\nA,1\n") == ["columns", ["1"]]


def test_a_damaged_row_inside_spoils_what_it_is_part_of() -> None:
    found = gathered("A,1\nbad\nA,3\nB,4\n")
    assert isinstance(found[0].content, Rejection)
    assert found[0].content.detail.startswith("line 3: ")
    assert found[0].text == "A,1\nbad\nA,3"
    assert len(found) == 2


def test_many_damaged_rows_are_not_kept_for_ever() -> None:
    found = told("A,1\n" + "bad\n" * 250 + "A,2\n")
    assert found == [["1"], *["columns"] * 250, ["2"]]


def test_too_many_rows_are_refused_as_a_whole() -> None:
    found = gathered("A,1\n" * (MOST_ROWS + 3) + "B,2\n")
    assert isinstance(found[0].content, Rejection)
    assert found[0].content.code == "too-large"
    assert found[0].end.line == MOST_ROWS + 4
    assert len(found) == 2


@given(st.lists(st.sampled_from(["A,1", "A,2", "B,1", "C,1", "bad"])))
def test_every_row_is_in_exactly_one_group_in_order(lines: list[str]) -> None:
    found = gathered("".join(line + "\n" for line in lines))
    assert "\n".join(each.text for each in found) == "\n".join(lines)
    ends = [each.end for each in found]
    assert ends == sorted(set(ends))
    assert [each.line for each in found] == [2, *[end.line + 1 for end in ends[:-1]]][: len(found)]
