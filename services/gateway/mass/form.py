"""The form of a message to many: from the fields of a browser to what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from libs.language.catalogue import LANGUAGES
from libs.messages.library import chain
from libs.promotions.experiments import WHOLE

EVERYONE, NAMED, SEGMENT = "everyone", "members", "segment:"
Fields = Mapping[str, Sequence[str]]


class Unreadable(ValueError):
    """A field can't be read; `field` is which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def first(fields: Fields, name: str, otherwise: str = "") -> str:
    """The first value of a field, without spaces around it."""
    return next(iter(fields.get(name, ())), otherwise).strip()


def wanted_in(fields: Fields, zone: tzinfo) -> dict[str, Any]:
    """Return the document of a mass message that the form says; local times are those of `zone`.

    Raises:
        Unreadable: a number or a time is none.
    """
    found: dict[str, Any] = {
        "name": first(fields, "name"),
        "words": words_in(fields, ""),
        "channels": [each for each in fields.get("channels", ()) if each],
        "purpose": first(fields, "purpose", "marketing"),
        "useful_hours": _number(fields, "useful_hours") or 72,
    }
    for name, value in (("template", first(fields, "template")), ("link", first(fields, "link"))):
        if value:
            found[name] = value
    if (per_minute := _number(fields, "per_minute")) is not None:
        found["per_minute"] = per_minute
    if starts := first(fields, "starts_at"):
        found["starts_at"] = instant_in(starts, zone)
    audience = first(fields, "audience")
    if audience == EVERYONE:
        found["everyone"] = True
    elif audience.startswith(SEGMENT):
        found["segments"] = [audience.removeprefix(SEGMENT)]
    if other := words_in(fields, "b-"):
        share = (_number(fields, "share") or 50) * WHOLE // 100
        found["variants"] = [
            {"name": "a", "per_mille": WHOLE - share},
            {"name": "b", "per_mille": share, "words": other},
        ]
    return found


def members_in(fields: Fields) -> list[str]:
    """The members that were written one a line, where it is for them."""
    if first(fields, "audience") != NAMED:
        return []
    lines = first(fields, "members").replace(",", "\n").splitlines()
    return [line.strip() for line in lines if line.strip()]


def words_in(fields: Fields, which: str) -> list[dict[str, str]]:
    """The words of a form, in each language in which there are any."""
    found = []
    for language in LANGUAGES:
        said = {part: first(fields, f"{which}{part}-{language}") for part in ("title", "text", "button")}
        if said["title"] or said["text"]:
            found.append({"language": language, **{part: text for part, text in said.items() if text}})
    return found


def told_by(words: Sequence[Mapping[str, str]], link: str, language: str) -> dict[str, object]:
    """What a preview in a language is told of what stands in the form."""
    known = {each["language"]: each for each in words}
    said = next((known[tag] for tag in chain(language) if tag in known), next(iter(words), {}))
    told: dict[str, object] = {"headline": said.get("title") or "…", "message": said.get("text") or "…"}
    return {**told, "button": said.get("button"), "link": link or None}


def _number(fields: Fields, name: str) -> int | None:
    text = first(fields, name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise Unreadable(name)
    return int(text)


def instant_in(text: str, zone: tzinfo) -> str:
    """A local time as a browser sends it, as an instant of `zone`.

    Raises:
        Unreadable: it is none.
    """
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        raise Unreadable("starts_at") from None
