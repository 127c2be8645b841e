"""Which receipts of the year were played already: `<data>/played.json`, so that each play brings new ones.

Plays with shifted dates take from the end of the year backwards, a block at a time (the newest first, each in order of
time); plays with raw dates take from its beginning. When the two meet, the next lap begins, whose receipts have ids of
their own.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deploy.embedded import receipts
from deploy.embedded.process import write_private
from deploy.embedded.receipts import DemoEvent

_EXAMPLES = 20


class Block(BaseModel):
    """Receipts `start` to `stop` of a lap."""

    model_config = ConfigDict(frozen=True)

    lap: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Example:
    """A played receipt to look up."""

    source: str
    id: str
    member_id: str


class Played(BaseModel):
    """How far the plays of a data directory have come."""

    model_config = ConfigDict(frozen=True)

    lap: int = 1
    from_start: int = 0
    from_end: int = 0
    shift_weeks: int | None = None
    """Fixed at the first play: a receipt that is sent again must have the same body."""
    enrolled: bool = False
    first: tuple[Block, ...] = ()
    """What the first `up` plays; kept until that is done, to be repeated after an interruption (it pays only once)."""
    first_done: bool = False
    example: Example | None = None
    """One of the first, to be looked up by who tries things out."""


def take(played: Played, count: int, total: int, *, raw: bool) -> tuple[tuple[Block, ...], Played]:
    """Choose the next `count` receipts out of a year of `total`, and return them with what is played then."""
    blocks: list[Block] = []
    while count > 0:
        left = total - played.from_start - played.from_end
        if left == 0:
            played = played.model_copy(update={"lap": played.lap + 1, "from_start": 0, "from_end": 0})
            continue
        size = min(count, left)
        start = played.from_start if raw else total - played.from_end - size
        blocks.append(Block(lap=played.lap, start=start, stop=start + size))
        field = "from_start" if raw else "from_end"
        played = played.model_copy(update={field: getattr(played, field) + size})
        count -= size
    return tuple(blocks), played


def read(blocks: tuple[Block, ...], shift: timedelta) -> Iterator[DemoEvent]:
    """The receipts of these blocks, one after the other."""
    return chain.from_iterable(
        receipts.read_receipts(block.start, block.stop, shift=shift, lap=block.lap) for block in blocks
    )


def example_of(blocks: tuple[Block, ...]) -> Example | None:
    """A receipt of these blocks that is worth looking at: the dearest of the last ones; None without blocks."""
    if not blocks:
        return None
    last = blocks[-1]
    recent = receipts.read_receipts(max(last.start, last.stop - _EXAMPLES), last.stop, lap=last.lap)
    dearest = max(recent, key=lambda receipt: int(receipt.data["total_minor"]))
    household = int(dearest.data["identifiers"][0]["value"])
    return Example(dearest.source, dearest.id, str(receipts.member_of(household)))


class PlayBook:
    """The file, and taking from it; several processes may."""

    def __init__(self, data: Path) -> None:
        self._path = data / "played.json"

    def load(self) -> Played:
        """What is played; nothing when there is no file."""
        try:
            return Played.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Played()

    def note(self, **fields: object) -> None:
        """Replace some fields."""
        with self._alone():
            self._save(self.load().model_copy(update=fields))

    def take(self, count: int, now: datetime, *, raw: bool = False) -> tuple[tuple[Block, ...], timedelta]:
        """Take the next receipts, never to be given out again. Returns them and the shift of their times.

        Raises:
            ReceiptsMissing: the `demo` extra is not installed.
        """
        with self._alone():
            blocks, played = take(self.load(), count, receipts.receipt_count(), raw=raw)
            if played.shift_weeks is None:
                played = played.model_copy(update={"shift_weeks": receipts.weeks_until(now)})
            self._save(played)
        return blocks, timedelta() if raw else timedelta(weeks=played.shift_weeks or 0)

    def take_first(self, count: int, now: datetime) -> tuple[tuple[Block, ...], timedelta]:
        """What the first `up` plays: taken once, and the same again when it did not come to its end."""
        played = self.load()
        if not played.first:
            blocks, _ = self.take(count, now)
            self.note(first=blocks)
            played = self.load()
        return played.first, timedelta(weeks=played.shift_weeks or 0)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _save(self, played: Played) -> None:
        write_private(self._path, played.model_dump_json(indent=1))
