"""Names of people that may be shown to strangers: what somebody wrote as a name may be advertising. Pure."""

from __future__ import annotations

import unicodedata

LONGEST = 32
"""Characters of a name."""
_MOST_WORDS = 3
_MOST_MARKS = 2
_JOINS = frozenset("-'\u2019")


def plain_name(text: str | None) -> str | None:
    """Return a name in Unicode's composed form; None for whatever might be something else than a name.

    A name has up to three words of letters, joined by hyphens and apostrophes, some shortened by a dot at their end. So
    it holds no digit, no address, no sign, no ornamental letter, and nothing that is not seen or turns the text around.
    """
    if text is None:
        return None
    name = unicodedata.normalize("NFC", text.strip(" "))
    words = name.split(" ")
    if (
        len(name) > LONGEST
        or name != unicodedata.normalize("NFKC", name)
        or len(words) > _MOST_WORDS
        or not all(_is_word(word) for word in words)
    ):
        return None
    return name


def _is_word(word: str) -> bool:
    """Whether a word begins with a letter and holds nothing but letters, few marks on each, and what joins them."""
    bare, marks = word.removesuffix("."), 0
    for at, sign in enumerate(bare):
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind in ("Mn", "Mc") else 0
        if marks > _MOST_MARKS or not (kind[0] == "L" or (at > 0 and (marks or sign in _JOINS))):
            return False
    return bool(bare)
