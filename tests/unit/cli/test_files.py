"""Marks, reports and folders of files that are taken in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import watching
from cli.journal import Journal, Mark, digest_of
from cli.pace import Pace, lasting
from cli.rejects import Report, without_payment_cards
from deploy.embedded.lock import DirectoryInUse
from libs.contracts.rejection import Rejection
from libs.intake.lines import Place

WRONG = Rejection("field", "/total", "a number")


def test_a_mark_is_kept_by_what_the_file_holds(tmp_path: Path) -> None:
    first, copy = tmp_path / "a.csv", tmp_path / "b.csv"
    for file in (first, copy):
        file.write_bytes(b"a,b\n")
    assert digest_of(first) == digest_of(copy)
    mark = Mark(Place(7, 99), read=6, published=5, rejected=1, report_bytes=80)
    Journal(tmp_path / "j", digest_of(first), "/acme").save(mark)
    assert Journal(tmp_path / "j", digest_of(copy), "/acme").load() == mark
    assert Journal(tmp_path / "j", digest_of(copy), "/globex").load() == Mark()
    copy.write_bytes(b"a,b\n1,2\n")
    assert Journal(tmp_path / "j", digest_of(copy), "/acme").load() == Mark()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"place": 3}', '{"place": [1, 2], "colour": 1}', "null"])
def test_a_mark_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    journal = Journal(tmp_path, "digest")
    journal.save(Mark(Place(1, 1)))
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    assert journal.load() == Mark()
    journal.forget()
    journal.forget()


def test_a_report_goes_on_behind_what_was_synced(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    report = Report(path)
    report.begin(0)
    assert not path.exists(), "without a refused row there is no report"
    report.add(2, WRONG, "one")
    kept = report.sync()
    report.add(3, WRONG, "lost with the process")
    report.close()
    again = Report(path)
    again.begin(kept)
    again.add(4, WRONG, "two")
    again.close()
    assert [json.loads(line)["line"] for line in path.read_text().splitlines()] == [2, 4]
    assert path.stat().st_mode & 0o777 == 0o600
    Report(path).begin(0)
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("x;4111111111111111;y", "x;************1111;y"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("5500-0000-0000-0004", "****-****-****-0004"),
        ("378282246310005", "***********0005"),
        ("4111111111111112", "4111111111111112"),  # no payment card: its check digit is wrong
        ("8001250120014", "8001250120014"),  # an article
        ("41111111111111111111111", "41111111111111111111111"),
    ],
)
def test_payment_cards_are_masked_and_other_numbers_are_not(text: str, masked: str) -> None:
    assert without_payment_cards(text) == masked


async def test_a_file_is_given_when_it_has_stopped_changing(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "c.csv.part", "d.csv.rejected.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    found = [path.name async for path in watching.complete_files(tmp_path, 0.05, once=True)]
    assert found == ["a.csv", "b.csv"]


def test_files_are_put_away_beside_others_of_their_name(tmp_path: Path) -> None:
    for _ in range(3):
        (tmp_path / "a.csv.gz").touch()
        watching.put_away(tmp_path, tmp_path / "a.csv.gz", failed=False)
    assert {path.name for path in (tmp_path / "done").iterdir()} == {"a.csv.gz", "a.2.csv.gz", "a.3.csv.gz"}


def test_one_watches_a_folder_at_a_time(tmp_path: Path) -> None:
    with watching.alone_in(tmp_path), pytest.raises(DirectoryInUse), watching.alone_in(tmp_path):
        pass
    with watching.alone_in(tmp_path):
        pass


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []

    def progress(self, text: str, done: int | None = None, total: int | None = None) -> None:
        self.said.append(text)

    def done(self, text: str) -> None: ...


def test_the_pace_tells_rate_and_time_left() -> None:
    told, clock = Told(), [0.0]
    pace = Pace(told, "rows", 1_000, seconds=lambda: clock[0])
    pace.at(0, count=50)
    clock[0] = 10.0
    pace.at(400, count=250, note=" of a.csv")
    assert told.said[-1] == "250 rows of a.csv, 20/s, 0:15 left"
    assert (lasting(5), lasting(125), lasting(3_725)) == ("0:05", "2:05", "1:02:05")
