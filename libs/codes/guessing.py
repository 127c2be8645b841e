"""Whether codes can be guessed: how many there are, among how many there could be. Pure."""

from __future__ import annotations

from typing import NamedTuple

from libs.codes.pattern import LONGEST, Pattern

ODDS = 10_000_000
"""A guess hits at most once in so many times."""


class Guessable(NamedTuple):
    """Why a pool is refused: a guess would hit once in `odds` times; `length` would be enough, if any length is."""

    odds: int
    length: int | None

    @property
    def detail(self) -> str:
        """It in words."""
        remedy = f"take {self.length} random characters" if self.length else "take a larger alphabet or a smaller pool"
        return f"one guess in {self.odds:,} would hit a code, and it must be at most one in {ODDS:,}: {remedy}"


def guessable(pattern: Pattern, codes: int) -> Guessable | None:
    """Say why so many codes of a pattern are too many; None when they are not.

    The check character tells a guesser nothing that is not known already, so that it does not count.
    """
    if pattern.possible >= codes * ODDS:
        return None
    size = len(pattern.symbols)
    enough = (length for length in range(pattern.length + 1, LONGEST + 1) if size**length >= codes * ODDS)
    return Guessable(max(1, pattern.possible // max(1, codes)), next(enough, None))
