"""Portions: wherever a file is cut, the same records and the same refused rows come of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared
from libs.intake.gather import Gathered
from libs.intake.lines import START, Place
from libs.intake.portions import Portion, portions
from libs.intake.rows import Row, read_rows


class Words:
    """Makes a record of each line, and refuses those that say no."""

    def documents(self, rows: Iterator[Row]) -> Iterator[Row]:
        return rows

    def make(self, document: Row | Gathered) -> Sequence[Prepared] | Rejection:
        assert isinstance(document.content, bytes)
        if document.content == b"no":
            return Rejection("field", "/x", "something else")
        return (Prepared("loyalty.purchases", b"k", document.content, []),)


def cut(text: bytes, start: Place = START, most: int = 1_000, most_bytes: int = 1_000_000) -> list[Portion]:
    return list(portions(read_rows(io.BytesIO(text), "jsonl", start), Words(), start, most=most, most_bytes=most_bytes))


@given(st.lists(st.sampled_from(["no", "aa", "bbbb", ""]), max_size=30), st.integers(1, 7), st.integers(1, 12))
def test_cutting_changes_nothing_and_any_portion_may_be_the_last_that_was_kept(
    lines: list[str], most: int, most_bytes: int
) -> None:
    text = "\n".join(lines).encode()
    (whole,) = cut(text)
    parts = cut(text, most=most, most_bytes=most_bytes)
    assert [record for part in parts for record in part.records] == whole.records
    assert [row for part in parts for row in part.refused] == whole.refused
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all(part.documents <= most for part in parts)
    assert all(sum(len(record.value) for record in part.records) < most_bytes + 4 for part in parts)
    for index, part in enumerate(parts[:-1]):
        rest = cut(text, part.end, most, most_bytes)
        assert [each.records for each in rest] == [each.records for each in parts[index + 1 :]]
