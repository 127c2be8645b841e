"""What is written of what the broker's client says."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from libs.runtime.logs import Seldom


class Written(logging.Handler):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def written() -> Iterator[Written]:
    handler = Written()
    names = ("aiokafka", "aiokafkaesque")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def test_what_the_client_says_again_and_again_is_written_now_and_then(written: Written) -> None:
    seconds = [0.0]
    written.addFilter(Seldom(10, lambda: seconds[0]))
    client, other = logging.getLogger("aiokafka.conn"), logging.getLogger("aiokafkaesque")
    for tick in range(250):
        seconds[0] = tick / 10
        client.error("Unable to reach %s at %d %%", "a", tick)
        if not tick % 100:
            client.error("Heartbeat failed")
    told = [line for line in written.lines if line.startswith("Unable")]
    assert told == [
        "Unable to reach a at 0 %",
        "Unable to reach a at 100 % (and 99 times more since)",
        "Unable to reach a at 200 % (and 99 times more since)",
    ]
    assert written.lines.count("Heartbeat failed") == 3, "something else is not held back by it"
    for _ in range(3):
        other.error("our own")
    assert written.lines.count("our own") == 3


def test_what_never_says_the_same_is_not_remembered_for_ever(written: Written) -> None:
    seldom = Seldom(10, lambda: 0.0)
    written.addFilter(seldom)
    for words in map(str, range(2_500)):
        logging.getLogger("aiokafka").error(words)
    assert len(written.lines) == 2_500
    assert len(seldom._said) <= 1_000
