"""Blocks, of which mails, letters and landing pages are put together by people who write no HTML. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from libs.design.faults import Fault
from libs.design.style_forms import DIGEST

BlockKind = Literal["headline", "text", "picture", "button", "points", "rewards", "code", "line"]
KINDS: tuple[BlockKind, ...] = get_args(BlockKind)
MOST_BLOCKS = 30
FIELDS = ("text", "link", "picture", "alt")
_LONGEST: Mapping[str, int] = {"text": 4_000, "link": 2_000, "picture": 64, "alt": 300}
_SHORT = 200
_TAKES: Mapping[BlockKind, tuple[frozenset[str], frozenset[str]]] = {
    "headline": (frozenset(("text",)), frozenset(("text",))),
    "text": (frozenset(("text",)), frozenset(("text",))),
    "picture": (frozenset(("picture", "alt")), frozenset(("picture", "alt", "link"))),
    "button": (frozenset(("text",)), frozenset(("text", "link"))),
    "points": (frozenset(), frozenset(("text", "alt"))),
    "rewards": (frozenset(("text",)), frozenset(("text",))),
    "code": (frozenset(("text",)), frozenset(("text", "alt"))),
    "line": (frozenset(), frozenset()),
}
"""By kind, the fields that a block must have, and those that it may have."""
_LINK = re.compile(r"(?:https?://|mailto:|tel:\+)[^\s\"'<>\\`{}]+|\{\{\s*[a-z_]+\s*\}\}")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a design. What its fields mean depends on its kind:

    - `headline`, `text`: what is said, in plain text; an empty line begins a paragraph.
    - `picture`: a picture of the media store, what it shows in words, and where it leads.
    - `button`: what is written on it, and where it leads; without a link, where the message or page leads.
    - `points`: in a message the member's points with `alt` below; on a page `text` stands for a figure.
    - `rewards`: a heading over the rewards that are proposed.
    - `code`: a code in large type with a QR picture, and what it is for; a member's own code has no picture.
    """

    kind: BlockKind
    text: str = ""
    link: str = ""
    picture: str = ""
    alt: str = ""


def told(blocks: Sequence[Block]) -> list[dict[str, str]]:
    """Return blocks as JSON has them; what says nothing is left out."""
    return [
        {"kind": each.kind, **{name: value for name in FIELDS if (value := getattr(each, name))}} for each in blocks
    ]


def read(document: object, where: str, faults: list[Fault]) -> tuple[Block, ...]:
    """Read blocks from JSON, and note what is wrong with their form."""
    if not isinstance(document, list | tuple) or len(document) > MOST_BLOCKS:
        faults.append(Fault(where, f"a list of at most {MOST_BLOCKS} blocks is needed"))
        return ()
    found = []
    for number, each in enumerate(document):
        block = _read(each, f"{where}.{number}", faults)
        if block is not None:
            found.append(block)
    return tuple(found)


def faults_of(blocks: Sequence[Block], where: str) -> Iterator[Fault]:
    """Find what is wrong with blocks, each by its number from 0."""
    for number, each in enumerate(blocks):
        at = f"{where}.{number}"
        needed, allowed = _TAKES[each.kind]
        for name in FIELDS:
            value = getattr(each, name)
            if name in needed and not value.strip():
                yield Fault(f"{at}.{name}", f"a {each.kind} needs it")
            elif value and name not in allowed:
                yield Fault(f"{at}.{name}", f"a {each.kind} has no such field")
            elif len(value) > _LONGEST[name] or (each.kind != "text" and name == "text" and len(value) > _SHORT):
                yield Fault(f"{at}.{name}", "it is too long")
        if each.picture and not DIGEST.fullmatch(each.picture):
            yield Fault(f"{at}.picture", "it is no picture of the media store")
        if each.link and not _LINK.fullmatch(each.link.strip()):
            yield Fault(f"{at}.link", "it begins with https://, http://, mailto: or tel:+, or is one gap alone")


def fields_of(kind: BlockKind) -> tuple[str, ...]:
    """The fields of a block of a kind, in the order of `FIELDS`."""
    return tuple(name for name in FIELDS if name in _TAKES[kind][1])


def _read(each: object, at: str, faults: list[Fault]) -> Block | None:
    if not isinstance(each, Mapping) or each.get("kind") not in KINDS:
        faults.append(Fault(at, f"an object is needed whose kind is one of {', '.join(KINDS)}"))
        return None
    known: dict[str, Any] = {}
    for name, value in each.items():
        if name == "kind":
            continue
        if name not in FIELDS:
            faults.append(Fault(f"{at}.{name}", f"no such field; there are {', '.join(FIELDS)}"))
        elif not isinstance(value, str):
            faults.append(Fault(f"{at}.{name}", "it is no text"))
        else:
            known[name] = value
    return Block(cast(BlockKind, each["kind"]), **known)
