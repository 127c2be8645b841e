"""The shipped templates, made of their words when somebody first asks for one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from libs.design.style import DEFAULT, Look
from libs.messages.content import ChannelName
from libs.messages.kinds import KINDS
from libs.messages.shipped import english, german, layout
from libs.messages.shipped.words import Frame, Words
from libs.messages.template import FORMS, Template

_SPOKEN: Mapping[str, tuple[Mapping[str, Words], Frame, Mapping[str, str]]] = {
    "en": (english.WORDS, english.FRAME, english.PHRASES),
    "de": (german.WORDS, german.FRAME, german.PHRASES),
}
_PHRASE = re.compile(r"\[([a-z]+)\]")

LANGUAGES = tuple(_SPOKEN)


@lru_cache(maxsize=512)
def shipped(name: str, language: str, channel: ChannelName, look: Look = DEFAULT) -> Template | None:
    """Return the template that comes with the platform; None where there is none for this message or language.

    A message of a programme's own is written with the words of a campaign. An email has a brand's `look`.
    """
    if language not in _SPOKEN or channel not in FORMS:
        return None
    every, frame, phrases = _SPOKEN[language]
    words = every[name if name in KINDS else "campaign"]
    parts = _parts(channel, words, frame, language, look)
    spelled = {part: _PHRASE.sub(lambda found: phrases[found[1]], text) for part, text in parts.items()}
    return Template(name, language, channel, spelled)


def all_shipped() -> Iterator[Template]:
    """Every one of them."""
    for name in KINDS:
        for language in LANGUAGES:
            for channel in FORMS:
                template = shipped(name, language, channel)
                assert template is not None
                yield template


def frame_of(language: str) -> Frame:
    """Return the words around a message in a language, or in English."""
    return _SPOKEN.get(language.partition("-")[0], _SPOKEN["en"])[1]


def offer_points(language: str) -> str:
    """How the points of an offer are written in a language; a bare number where we don't speak it."""
    spoken = _SPOKEN.get(language.partition("-")[0])
    return "{{ offer.points }}" if spoken is None else spoken[2]["offer"]


def _parts(channel: ChannelName, words: Words, frame: Frame, language: str, look: Look) -> dict[str, str]:
    if channel == "email":
        return {"title": words.title, "mjml": layout.email(words, frame, language, look)}
    if channel in ("push", "web_push"):
        return {"title": words.title, "text": words.short}
    if channel == "inbox":
        return {"title": words.title, "text": "\n\n".join(words.body)}
    if channel == "file":
        farewell = frame.farewell.replace("<br />", "\n")
        return {"title": words.title, "text": "\n\n".join([frame.greeting, *words.body, farewell])}
    if channel == "till":
        return {"text": words.till}
    return {"text": "{{ brand }}: " + words.short + "{% if link %} {{ link }}{% endif %}"}
