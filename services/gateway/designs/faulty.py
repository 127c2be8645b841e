"""What is wrong with a design, at the fields of its form; what is at none of them is named in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from libs.design import blocks
from services.gateway.designs.editor import What
from services.gateway.designs.words import DESIGNS

Faults = Sequence[tuple[str, str]]
_STEP = re.compile(r"[/.]")
_LINE = re.compile(r":\d+$")
_OF_FORM = ("consent", "button", "thanks")


def at_fields(what: What, faults: Faults, document: Mapping[str, Any], tab: str) -> Mapping[str, Sequence[str]]:
    """Return reasons by the field that they are at, where a form shows a document's texts in one language."""
    found: dict[str, list[str]] = {}
    for path, reason in faults:
        found.setdefault(_field(what, _steps(path), document, tab), []).append(reason)
    return found


def elsewhere(
    what: What, faults: Faults, document: Mapping[str, Any], tab: str, shown: str, language: str
) -> Iterable[str]:
    """Yield what is wrong at no field that is shown, each with where it is in words."""
    for path, reason in faults:
        steps = _steps(path)
        if f'id="{_field(what, steps, document, tab)}-fault"' not in shown:
            where = _named(steps, language)
            yield f"{where}: {reason}" if where else reason


def _steps(path: str) -> list[str]:
    return _STEP.split(_LINE.sub("", path))


def _field(what: What, steps: list[str], document: Mapping[str, Any], tab: str) -> str:
    """The name of the field; one that no form has for what is at none."""
    head, rest = steps[0], steps[1:]
    if what == "style" and head == "promotions" and rest:
        names = list(document.get("promotions") or {})
        return ".".join([f"p{names.index(rest[0])}", *(rest[1:] or ["name"])]) if rest[0] in names else ""
    if what == "page" and head == "texts":
        here = rest[:1] == [tab]
        return _field("mail", rest[1:], (document.get("texts") or {}).get(tab) or {}, tab) if here and rest[1:] else ""
    if what == "page" and head == "form":
        return f"form.{rest[0]}" if rest[:1] and rest[0] in _OF_FORM and rest[1:] in ([], [tab]) else ""
    if head == "blocks":
        return _of_block(rest, document)
    return ".".join(steps)


def _of_block(rest: list[str], document: Mapping[str, Any]) -> str:
    """The field of a block; what is wrong with the whole of it is at its first field."""
    made_of = document.get("blocks") or []
    if not rest or not rest[0].isdigit() or int(rest[0]) >= len(made_of):
        return ""
    kind = made_of[int(rest[0])].get("kind")
    own = blocks.fields_of(kind) if kind in blocks.KINDS else ()
    return f"b{rest[0]}.{rest[1] if rest[1:] else next(iter(own), '')}"


def _named(steps: list[str], language: str) -> str:
    """Where something is, in words: the language of a text, the number of a block, the label of a field."""
    words = []
    if steps[0] == "texts" and steps[1:]:
        words.append(steps[1])
        steps = steps[2:] or [""]
    if steps[0] == "blocks" and steps[1:2] and steps[1].isdigit():
        words.append(f"{DESIGNS.say(language, 'blocks')} {int(steps[1]) + 1}")
    elif steps[0] in ("title", "description"):
        words.append(DESIGNS.say(language, "part.title" if steps[0] == "title" else "description"))
    elif steps[0] == "form" and steps[2:] and steps[1] in _OF_FORM:
        words.append(DESIGNS.say(language, f"form.{steps[1]}", language=steps[2]))
    elif len(steps) == 1:
        words.append(DESIGNS.get(language, steps[0], ""))
    return ", ".join(filter(None, words))
