"""What is written of what the broker's client says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from libs.runtime.logs import Seldom, writer


class Written(logging.Handler):
    """Keeps what is written, as the services write it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, object]] = []
        self.setFormatter(writer(Seldom()).formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def told(self, start: str) -> list[tuple[object, object]]:
        """Lines that begin so, each with how many were left out before it."""
        return [(each["event"], each.get("left_out")) for each in self.lines if str(each["event"]).startswith(start)]


@pytest.fixture
def written() -> Iterator[Written]:
    handler = Written()
    names = ("aiokafka", "aiokafkaesque", "services.earning.feed")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def test_what_the_client_says_again_and_again_is_written_now_and_then(written: Written) -> None:
    seconds = [0.0]
    written.addFilter(Seldom(10, lambda: seconds[0]))
    client = logging.getLogger("aiokafka.conn")
    for tick in range(250):
        seconds[0] = tick / 10
        client.error("Unable to reach %s at %d %%", "a", tick)
        if not tick % 100:
            client.error("Heartbeat failed")
    assert written.told("Unable") == [
        ("Unable to reach a at 0 %", None),
        ("Unable to reach a at 100 %", 99),
        ("Unable to reach a at 200 %", 99),
    ]
    assert written.told("Heartbeat") == [("Heartbeat failed", None)] * 3, "other words are not held back by it"
    assert {line["logger"] for line in written.lines} == {"aiokafka.conn"}


def test_whatever_others_say_is_written_each_time(written: Written) -> None:
    written.addFilter(Seldom(10, lambda: 0.0))
    for name in ("aiokafkaesque", "services.earning.feed"):
        for _ in range(3):
            logging.getLogger(name).error("said again")
    assert len(written.told("said again")) == 6


def test_tracebacks_are_written_each_time(written: Written) -> None:
    written.addFilter(Seldom(10, lambda: 0.0))
    for _ in range(3):
        logging.getLogger("aiokafka").error("Unexpected", exc_info=ValueError("why"))
    assert len(written.told("Unexpected")) == 3


def test_what_never_says_the_same_is_not_remembered_for_ever(written: Written) -> None:
    seldom = Seldom(10, lambda: 0.0)
    written.addFilter(seldom)
    for words in map(str, range(2_500)):
        logging.getLogger("aiokafka").error(words)
    assert len(written.lines) == 2_500
    assert len(seldom._said) <= 1_000


def test_who_falls_silent_is_told_of_once_with_what_was_left_out(written: Written) -> None:
    seconds = [0.0]
    seldom = Seldom(60, lambda: seconds[0])
    written.addFilter(seldom)
    for tick in range(200):
        seconds[0] = tick / 10
        logging.getLogger("aiokafka").error("Unable to reach %d", tick)
        assert seldom.fell_silent() == 0, "it goes on"
    seconds[0] += 9
    assert seldom.fell_silent() == 0, "it may go on yet"
    seconds[0] += 2
    assert [seldom.fell_silent(), seldom.fell_silent()] == [199, 0]
    logging.getLogger("aiokafka").error("Unable to reach %d", 200)
    assert written.told("Unable") == [("Unable to reach 0", None), ("Unable to reach 200", None)], "it begins anew"


def test_services_write_through_it() -> None:
    seldom = Seldom()
    assert writer(seldom).filters == [seldom]
