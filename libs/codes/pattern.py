"""What codes look like: a prefix, random characters in groups, and a check character. Pure; chance is an argument.

The check character makes the weighted sum of a code divisible by the size of its alphabet, which is prime: the rule of
ISBN-10 with another number than 11. Weights differ and none is zero, so that one wrong character, and any two that
changed places, are always found. Ten digits are no prime number, so codes of digits are checked by Damm's table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, NamedTuple

Random = Callable[[int], bytes]
"""Gives so many random bytes, as `os.urandom` does."""
AlphabetName = Literal["safe", "plain", "digits"]
ALPHABETS: dict[AlphabetName, str] = {
    "safe": "2346789CDFGHJKMNPQRTWXZ",
    "plain": "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
    "digits": "0123456789",
}
"""`safe` has nothing that looks like something else, and no vowels, so that it spells no words; `plain` has letters and
digits without 0, 1, I, L and O; `digits` is for keypads."""
LONGEST = 20
_PREFIX = re.compile(r"[A-Z0-9]{0,12}")
_DROPPED = re.compile(r"[\s\-\u2010-\u2015_.\u00b7/]+")
_LONGEST_TYPED = 64
_CHUNK = 4_096

# The table of H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004), of order ten.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2), (7, 0, 9, 2, 1, 5, 4, 8, 6, 3), (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6), (6, 1, 2, 3, 0, 4, 5, 9, 7, 8), (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4), (8, 9, 4, 5, 3, 6, 2, 0, 1, 7), (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)  # fmt: skip


class PatternWrong(NamedTuple):
    """What keeps a pattern from being one."""

    field: str
    detail: str


@dataclass(frozen=True)
class Pattern:
    """A prefix, `length` random characters in groups of so many (0: none), and a check character if `checked`."""

    prefix: str = ""
    alphabet: AlphabetName = "safe"
    length: int = 12
    group: int = 4
    checked: bool = True

    def wrong(self) -> PatternWrong | None:
        """Say what is wrong with it, if anything is."""
        if self.alphabet not in ALPHABETS:
            return PatternWrong("alphabet", f"one of {', '.join(ALPHABETS)}")
        if not _PREFIX.fullmatch(self.prefix):
            return PatternWrong("prefix", "at most 12 capital letters and digits")
        if not 4 <= self.length <= LONGEST:
            return PatternWrong("length", f"4 to {LONGEST} characters")
        if not 0 <= self.group <= LONGEST:
            return PatternWrong("group", f"0 to {LONGEST} characters")
        return None

    @property
    def possible(self) -> int:
        """How many codes there can be."""
        return int(len(self.symbols) ** self.length)

    @cached_property
    def symbols(self) -> str:
        """The characters that codes are made of."""
        return ALPHABETS[self.alphabet]

    @cached_property
    def _values(self) -> dict[str, int]:
        return {symbol: value for value, symbol in enumerate(self.symbols)}

    def check_character(self, body: str) -> str:
        """Return what stands behind these characters."""
        if self.alphabet == "digits":
            interim = 0
            for symbol in body:
                interim = _DAMM[interim][int(symbol)]
            return str(interim)
        prime, values = len(self.symbols), self._values
        total = sum([place * values[symbol] for place, symbol in enumerate(body, start=1)])
        return self.symbols[-total * _inverse(len(body) + 1, prime) % prime]

    def fits(self, text: str) -> bool:
        """Whether a text, as `canonical` gives it, could be a code of this pattern, its check character included."""
        whole = self.length + self.checked
        if len(text) != len(self.prefix) + whole or not text.startswith(self.prefix):
            return False
        body = text[len(self.prefix) :]
        if any(symbol not in self._values for symbol in body):
            return False
        return not self.checked or self.check_character(body[:-1]) == body[-1]

    def resembles(self, text: str) -> bool:
        """Whether a text begins and is as long as a code of this pattern, so that it may be one mistyped."""
        return len(text) == len(self.prefix) + self.length + self.checked and text.startswith(self.prefix)

    def shown(self, text: str) -> str:
        """Return a code as people read it, in groups: `SPRING-3F7K-9QRT-X`."""
        body = text[len(self.prefix) :]
        step = self.group or len(body) or 1
        groups = [body[at : at + step] for at in range(0, len(body), step)]
        return "-".join([self.prefix, *groups] if self.prefix else groups)

    def generate(self, many: int, random: Random) -> Iterator[str]:
        """Give so many random codes in canonical form; the same one may come twice, which chance makes rare.

        Every character is as likely as any other: bytes beyond the last whole multiple of the alphabet are dropped.
        """
        size = len(self.symbols)
        limit = 256 - 256 % size
        table = bytes([ord(self.symbols[byte % size]) for byte in range(256)])
        dropped, left = bytes(range(limit, 256)), ""
        while many > 0:
            left += random(_CHUNK).translate(table, dropped).decode("ascii")
            whole = min(len(left) // self.length, many)
            for at in range(0, whole * self.length, self.length):
                body = left[at : at + self.length]
                yield self.prefix + body + (self.check_character(body) if self.checked else "")
            left = left[whole * self.length :]
            many -= whole


@cache
def _inverse(number: int, prime: int) -> int:
    return pow(number, -1, prime)


def canonical(text: str) -> str:
    """Return what a person typed, or a scanner read, as codes are looked up: in capitals, without spaces and dashes.

    Gives an empty text for what is none: nothing left, or more than 64 characters.
    """
    read = _DROPPED.sub("", unicodedata.normalize("NFKC", text[: 4 * _LONGEST_TYPED])).upper()
    return read if len(read) <= _LONGEST_TYPED and read.isprintable() else ""
