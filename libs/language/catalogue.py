"""Texts by key, in every language that the platform speaks.

A text is a template with `{names}`. Where its words depend on a number it is a mapping from the plural categories of
CLDR (`one`, `other`, …) to templates, and the number is given as `n`. English is the first language: what it lacks is
nobody's text, and what another language lacks is an error of whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from libs.language.wording import plural, plural_categories

Text = str | Mapping[str, str]
Texts = Mapping[str, Text]

LANGUAGES = ("en", "de")
"""The languages that people are spoken to in, the first of them when nothing better is known."""
DEFAULT = LANGUAGES[0]


class Catalogue:
    """The texts of one part of the platform, by language and key."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        self._texts = texts

    def say(self, language: str, key: str, /, **values: object) -> str:
        """Return the text of a key; numbers other than `n`, which chooses the plural, come as texts already.

        Raises:
            KeyError: no such text.
        """
        text = self._texts[language][key]
        if not isinstance(text, str):
            number = values["n"]
            assert isinstance(number, int)
            text = text[plural(number, language)]
        return text.format(**values) if values else text

    def get(self, language: str, key: str, otherwise: str) -> str:
        """Return the plain text of a key, or something else where there is none, as for a code that is no word."""
        text = self._texts[language].get(key, otherwise)
        assert isinstance(text, str)
        return text

    def faults(self) -> list[str]:
        """Tell what the languages lack or have too much of, as against the first; nothing when all is well."""
        return [fault for language in LANGUAGES for fault in self._faults(language)]

    def _faults(self, language: str) -> list[str]:
        own, first = self._texts.get(language, {}), self._texts[DEFAULT]
        found = [f"{language}: no text for {key!r}" for key in first if key not in own]
        for key, text in own.items():
            if key not in first:
                found.append(f"{language}: {key!r} is in no other language")
            elif isinstance(text, str) != isinstance(first[key], str):
                found.append(f"{language}: {key!r} has a plural in one language only")
            elif isinstance(text, str):
                if _names(text) != _names(first[key]):
                    found.append(f"{language}: {key!r} has other names than in {DEFAULT}")
            elif set(text) != plural_categories(language):
                found.append(f"{language}: {key!r} has other plurals than the language")
            elif _names(text) != _names(first[key]):
                found.append(f"{language}: {key!r} has other names than in {DEFAULT}")
        return found


def _names(text: Text) -> set[str]:
    """The names in a text; a plural may say its number or leave it out, so `n` does not count there."""
    templates = [text] if isinstance(text, str) else list(text.values())
    found = {name for each in templates for _, name, _, _ in Formatter().parse(each) if name}
    return found if isinstance(text, str) else found - {"n"}
