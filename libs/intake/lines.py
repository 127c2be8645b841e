"""Lines of a binary stream with their places, in bounded memory, and a way to put some back."""

from __future__ import annotations

from collections import deque
from typing import BinaryIO, NamedTuple

MAX_ROW_BYTES = 1024 * 1024
_CHUNK = 64 * 1024


class Place(NamedTuple):
    """How far a file was read: `line` lines and `offset` bytes of it, unpacked."""

    line: int = 0
    offset: int = 0


START = Place()


class Line(NamedTuple):
    """One line: its number from 1, the place behind it, and its bytes; `cut` when there were too many of them."""

    number: int
    end: Place
    raw: bytes
    cut: bool


class Lines:
    """Reads lines from a place of a stream that can seek."""

    def __init__(self, stream: BinaryIO, start: Place = START) -> None:
        self._stream = stream
        self._at = start
        self._back: deque[Line] = deque()
        if start.offset:
            stream.seek(start.offset)

    def take(self) -> Line | None:
        """Return the next line, or None at the end. Of a line beyond `MAX_ROW_BYTES` the beginning is kept.

        Raises:
            OSError, EOFError, zlib.error: the file can't be read or unpacked.
        """
        if self._back:
            return self._back.popleft()
        raw = self._stream.readline(MAX_ROW_BYTES)
        if not raw:
            return None
        read, cut = len(raw), False
        if len(raw) == MAX_ROW_BYTES and not raw.endswith(b"\n"):
            while rest := self._stream.readline(_CHUNK):
                read, cut = read + len(rest), True
                if rest.endswith(b"\n"):
                    break
        self._at = Place(self._at.line + 1, self._at.offset + read)
        return Line(self._at.line, self._at, raw, cut)

    def put_back(self, lines: list[Line]) -> None:
        """Give lines back, to be taken again in the same order."""
        self._back.extendleft(reversed(lines))
