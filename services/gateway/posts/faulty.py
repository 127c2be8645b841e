"""What is wrong with the form of a post, at its fields and in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.gateway.posts.words import PAGES

_FIELDS = ("name", "link", "picture", "pages", "starts_at")


def at_fields(paths: Iterable[str], spoken: Sequence[str], language: str) -> Mapping[str, Sequence[str]]:
    """Return words for faults at these places of a post, by field of the form; what is at none has the empty name.

    `spoken` are the languages of the post's words, in their order.
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        field, key = _place(path.split("/"), spoken, language)
        words = PAGES.say(language, key)
        if words not in found.setdefault(field, []):
            found[field].append(words)
    return found


def _place(path: Sequence[str], spoken: Sequence[str], language: str) -> tuple[str, str]:
    """The field that a place is at, and the key of its words."""
    if path[0] == "words":
        number = path[1] if len(path) > 1 else ""
        known = number.isdigit() and int(number) < len(spoken)
        return (f"text-{spoken[int(number)]}", "fault.text") if known else (f"text-{language}", "fault.words")
    return (path[0], f"fault.{path[0]}") if path[0] in _FIELDS else ("", "fault.else")
