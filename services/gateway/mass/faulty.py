"""What is wrong with the form of a message to many, at its fields and in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.gateway.mass.words import PAGES

_FIELDS = ("name", "link", "template", "channels", "purpose", "starts_at", "useful_hours", "per_minute", "share")
_AUDIENCE = ("segments", "everyone")
_PARTS = ("title", "text", "button")


class Spoken(NamedTuple):
    """In which languages there are words in the form, in their order: of the message, and of its second form."""

    first: Sequence[str]
    second: Sequence[str]


def at_fields(paths: Iterable[str], spoken: Spoken, language: str) -> Mapping[str, Sequence[str]]:
    """Return words for faults at these places of a message, by field of the form; others have the empty name."""
    found: dict[str, list[str]] = {}
    for path in paths:
        steps = path.split("/")
        field, key = _place(steps, spoken, language)
        line = int(steps[1]) + 1 if key == "fault.members" else 0
        words = PAGES.say(language, key, line=line) if line else PAGES.say(language, key)
        if words not in found.setdefault(field, []):
            found[field].append(words)
    return found


def _place(path: Sequence[str], spoken: Spoken, language: str) -> tuple[str, str]:
    """The field that a place is at, and the key of its words."""
    head, rest = path[0], path[1:]
    if head == "variants":
        return _words(rest[2:], "b-", spoken.second, language) if rest[1:2] == ["words"] else ("share", "fault.share")
    if head == "words":
        return _words(rest, "", spoken.first, language)
    if head in _AUDIENCE:
        return "audience", "fault.audience"
    if head == "members" and rest and rest[0].isdigit():
        return "members", "fault.members"
    return (head, f"fault.{head}") if head in _FIELDS else ("", "fault.else")


def _words(path: Sequence[str], which: str, spoken: Sequence[str], language: str) -> tuple[str, str]:
    """The place of words that begin with their number, such as 0/title; without it there are none."""
    known = bool(path) and path[0].isdigit() and int(path[0]) < len(spoken)
    if not known:
        return f"{which}text-{language}", "fault.words"
    part = path[1] if path[1:2] and path[1] in _PARTS else "text"
    return f"{which}{part}-{spoken[int(path[0])]}", f"fault.{part}"
