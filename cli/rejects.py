"""The report of rejected rows: JSON lines beside the file they came from, readable by its owner alone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import BinaryIO

from libs.contracts.rejection import Rejection

SUFFIX = ".rejected.jsonl"
_MOST_TEXT = 16 * 1024
_DIGITS = re.compile(r"(?<![0-9])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])")


class Report:
    """Rejected rows as they are found; a file without any leaves no report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: BinaryIO | None = None
        self._length = 0

    def begin(self, length: int) -> None:
        """Go on behind the first `length` bytes of an earlier report; what stood behind them goes.

        Raises:
            OSError: it can't be written.
        """
        if length and self.path.exists():
            os.truncate(self.path, length)
            self._length = length
        else:
            self.path.unlink(missing_ok=True)
            self._length = 0

    def add(self, line: int | None, rejection: Rejection, text: str) -> None:
        """Add one row: the line that it begins on, why it was refused, and its text with payment cards masked."""
        if self._stream is None:
            self._stream = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
        told = {
            "line": line,
            "field": rejection.field,
            "reason": rejection.code,
            "detail": rejection.detail,
            "text": without_payment_cards(text[:_MOST_TEXT]),
        }
        self._length += self._stream.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def sync(self) -> int:
        """Have the disk take all of it; returns its length."""
        if self._stream is not None:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        return self._length

    def close(self) -> None:
        """Close it."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def without_payment_cards(text: str) -> str:
    """Mask numbers that may be those of payment cards down to the last four digits."""
    return _DIGITS.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [int(sign) for sign in found[0] if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    if (sum(digits[-1::-2]) + sum(doubled)) % 10:
        return found[0]
    left = len(digits) - 4
    masked = ["*" if number < left else str(digit) for number, digit in enumerate(digits)]
    return "".join(masked.pop(0) if sign.isdigit() else sign for sign in found[0])


class Unreported(Report):
    """Takes rejected rows that were told before, and writes nothing."""

    def begin(self, length: int) -> None:
        """Do nothing."""

    def add(self, line: int | None, rejection: Rejection, text: str) -> None:
        """Do nothing."""
