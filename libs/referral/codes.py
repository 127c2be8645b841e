"""Codes that members give to friends: chance, in letters that nobody mixes up, and a check character.

A code has eleven characters of chance and one that guards them: it finds every wrong character and every two that
changed places. Of 31^11 codes (over 54 bits) a million members have one in 25 thousand million: nobody guesses one.
"""

from __future__ import annotations

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O. Their number is prime, which the check character needs."""
CHANCE = 11
"""Characters of chance in a code."""
_BLOCK = 4
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def make_code(chance: int) -> str:
    """Make a code of a number drawn evenly from 0 to before `len(ALPHABET) ** CHANCE`; written without blocks.

    Raises:
        ValueError: the number is out of range.
    """
    if not 0 <= chance < len(ALPHABET) ** CHANCE:
        raise ValueError("the number is out of range")
    values = []
    for _ in range(CHANCE):
        chance, value = divmod(chance, len(ALPHABET))
        values.append(value)
    return "".join([ALPHABET[value] for value in (*values, _check(values))])


def read_code(written: str) -> str | None:
    """Return the code that somebody wrote, in whatever case and blocks; None when it is none."""
    letters = written.replace("-", "").replace(" ", "").upper()
    values = [_VALUES.get(letter) for letter in letters]
    known = [value for value in values if value is not None]
    if len(letters) != CHANCE + 1 or len(known) != len(values):
        return None
    return letters if _check(known[:-1]) == known[-1] else None


def shown_code(code: str) -> str:
    """Write a code in blocks, as people read it."""
    return "-".join(code[start : start + _BLOCK] for start in range(0, len(code), _BLOCK))


def _check(values: list[int]) -> int:
    """The sum of the values, each times another weight."""
    return sum([place * value for place, value in enumerate(values, start=2)]) % len(ALPHABET)
