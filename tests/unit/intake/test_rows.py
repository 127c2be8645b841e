"""Rows of files: whatever a file holds, each row is given once, whole or refused, from any place on."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.rejection import Rejection
from libs.intake.lines import MAX_ROW_BYTES, START, Place
from libs.intake.rows import FileUnreadable, Form, Row, form_of, read_rows, unpacked


def rows(
    text: str | bytes,
    form: Form = "csv",
    start: Place = START,
    encoding: str = "utf-8",
) -> list[Row]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_rows(unpacked(io.BytesIO(raw)), form, start, encoding=encoding))


def contents(text: str | bytes, form: Form = "csv", encoding: str = "utf-8") -> list[object]:
    found = [row.content for row in rows(text, form, encoding=encoding)]
    return [each.code if isinstance(each, Rejection) else each for each in found]


def test_cells_come_by_column_and_empty_ones_are_left_out() -> None:
    assert contents("number,card,total\nR1, 17 ,9.50\nR2,,1\n") == [
        {"number": "R1", "card": "17", "total": "9.50"},
        {"number": "R2", "total": "1"},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(delimiter: str) -> None:
    text = f'a{delimiter}b\n1{delimiter}"x{delimiter}y"\n'
    assert contents(text) == [{"a": "1", "b": f"x{delimiter}y"}]


def test_a_byte_order_mark_windows_line_ends_and_quoted_line_feeds_are_data() -> None:
    text = '\ufeffa,b\r\n1,"two\r\nlines"\r\n\r\n2,"a ""word"""\r\n'
    assert contents(text) == [{"a": "1", "b": "two\r\nlines"}, {"a": "2", "b": 'a "word"'}]
    assert [row.line for row in rows(text)] == [2, 5]


def test_other_encodings_are_named() -> None:
    raw = "name\nČeská\n".encode("cp1250")
    assert contents(raw) == ["not-text"]
    assert contents(raw, encoding="cp1250") == [{"name": "Česká"}]


def test_a_quotation_mark_that_is_never_closed_costs_one_row() -> None:
    found = rows('a,b\n1,"open\n2,x\n3,y\n')
    assert [(row.line, row.text) for row in found] == [(2, '1,"open'), (3, "2,x"), (4, "3,y")]
    assert isinstance(found[0].content, Rejection)
    assert found[0].content.code == "not-csv"
    assert [row.content for row in found[1:]] == [{"a": "2", "b": "x"}, {"a": "3", "b": "y"}]


def test_too_few_and_too_many_columns_are_refused_with_their_number() -> None:
    found = rows("a,b\n1\n1,2,3\n1,2\n")
    assert [getattr(row.content, "code", None) for row in found] == ["columns", "columns", None]
    assert isinstance(found[1].content, Rejection)
    assert "these are 3" in found[1].content.detail


def test_an_endless_line_is_refused_and_the_next_is_read() -> None:
    endless = b"x" * (3 * MAX_ROW_BYTES)
    for form, good in (("csv", {"a": "2"}), ("jsonl", b"2")):
        found = rows(b"a\n" + endless + b"\n2\n" if form == "csv" else endless + b"\n2\n", form)  # type: ignore[arg-type]
        assert getattr(found[0].content, "code", None) == "too-large"
        assert len(found[0].text) <= MAX_ROW_BYTES
        assert [row.content for row in found[1:]] == [good]


@pytest.mark.parametrize("text", ["", "\n1\n", "a,a\n1,2\n", "a,\n1,2\n", '"a\n1\n'])
def test_a_file_without_a_good_header_is_unreadable(text: str) -> None:
    with pytest.raises(FileUnreadable):
        rows(text)


def test_json_lines_are_given_as_they_are() -> None:
    assert contents('\ufeff{"a": 1}\n\n  {"b": 2} \r\nno json\n', "jsonl") == [b'{"a": 1}', b'{"b": 2}', b"no json"]


def test_gzip_is_told_by_its_first_bytes_and_its_damage_is_said() -> None:
    packed = gzip.compress(b"a\n" + b"".join(b"%d\n" % number for number in range(20_000)))
    assert len(rows(packed)) == 20_000
    for broken in (packed[:-20], packed[:6_000] + b"\x00" * 40 + packed[6_040:]):
        with pytest.raises(FileUnreadable, match="damaged, or not complete"):
            rows(broken)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("A.CSV.GZ", "csv"), ("x.y.jsonl", "jsonl"), ("b.ndjson.gz", "jsonl"), ("t.tsv", "csv")],
)
def test_the_name_says_the_form(name: str, form: str) -> None:
    assert form_of(name) == form


@pytest.mark.parametrize("name", ["a.xlsx", "gz", "a.gz", "none"])
def test_a_name_that_says_nothing_asks_for_the_form(name: str) -> None:
    with pytest.raises(FileUnreadable, match="--format"):
        form_of(name)


CELLS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8), min_size=2, max_size=2
)


@given(st.lists(CELLS, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_from_any_row_on_the_rest_is_the_same(table: list[list[str]], ending: str, packed: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b"], *table])
    raw = text.getvalue().encode()
    raw = gzip.compress(raw) if packed else raw
    whole = rows(raw)
    assert [row.content for row in whole] == [
        {name: cell.strip() for name, cell in zip("ab", cells, strict=True) if cell.strip()}
        for cells in table
        if any(cells)
    ]
    for number, row in enumerate(whole, 1):
        assert rows(raw, "csv", row.end) == whole[number:]


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_rows_or_refused(raw: bytes) -> None:
    for form in ("csv", "jsonl"):
        try:
            found = rows(raw, form)
        except FileUnreadable:
            continue
        ends = [row.end for row in found]
        assert ends == sorted(set(ends))
        assert all(end.offset <= len(raw) or raw[:2] == b"\x1f\x8b" for end in ends)
