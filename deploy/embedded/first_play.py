"""The first play of a data directory, as a process of its own: `python -m deploy.embedded.first_play DATA RECEIPTS`.

Reading the receipts takes a few hundred megabytes, which the supervisor would keep for as long as it lives. News is
written as JSON lines: `{"text", "done", "total"}` while it goes on, and at last `{"played"}` or `{"error"}`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.embedded import play, state
from deploy.embedded.failures import NothingMoves, ReceiptsMissing
from deploy.embedded.played import PlayBook, example_of, read
from deploy.embedded.receipts import read_enrolments
from deploy.embedded.stopping import Stopped, StopRequest
from libs.runtime.clock import parse_clock


class _Lines:
    """A step that writes lines."""

    def progress(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Write where it stands."""
        write({"text": text, "done": done, "total": total})

    def done(self, text: str) -> None:
        """Write nothing: the outcome says it."""


def write(line: dict[str, Any]) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def first_play(data: Path, count: int, stop: StopRequest) -> None:
    """Enrol the members and play the first receipts."""
    held, book, step = state.load(data), PlayBook(data), _Lines()
    assert held.addresses is not None
    kafka, postgres = held.addresses.kafka, held.addresses.postgres
    blocks, shift = book.take_first(count, parse_clock(held.clock).now())
    if not book.load().enrolled:
        stop.run(play.enrol(kafka, postgres, read_enrolments(), step))
        book.note(enrolled=True)
    total = sum(block.stop - block.start for block in blocks)
    outcome = stop.run(play.play(kafka, postgres, read(blocks, shift), total, step))
    book.note(first_done=True, example=example_of(blocks))
    write({"played": asdict(outcome)})


def main() -> int:
    """Play, and say how it ended; returns the exit status."""
    stop = StopRequest()
    with stop.listening(lambda: None):
        try:
            first_play(Path(sys.argv[1]), int(sys.argv[2]), stop)
        except Stopped:
            return 1
        except (ReceiptsMissing, NothingMoves) as error:
            write({"error": str(error)})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
