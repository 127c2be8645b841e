"""From the fields of a designer's form to a document, and what its buttons do with blocks. Pure.

A form carries the whole document as JSON, beside the fields of what is shown of it: other languages stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import orjson

from libs.design import blocks
from libs.design.landing import ASKED
from libs.design.style_forms import LANGUAGE

What = Literal["style", "mail", "page"]
Fields = Mapping[str, str]
COLOURS = ("accent", "on_accent", "ink", "soft", "card", "page")
LANGUAGES = ("en", "de")
MOST_FIELDS = 400
_MOVE = re.compile(r"(up|down|drop)\.(\d{1,2})")


def posted(what: What, fields: Fields, zone: tzinfo = UTC) -> dict[str, Any]:
    """Return the document that stands in a form, with what its button does to it; times are those of a zone."""
    document = _carried(fields)
    if what == "style":
        return _style(document, fields)
    if what == "mail":
        document["parts"] = {"title": fields.get("title", "").strip()}
        document["blocks"] = moved(_blocks(fields), fields)
        return document
    return _page(document, fields, zone)


def local_time(at: object, zone: tzinfo) -> str:
    """Return an instant as a field for times has it, in a zone; what is none stays as it is."""
    try:
        found = datetime.fromisoformat(str(at or ""))
    except ValueError:
        return str(at or "")
    return found.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if found.tzinfo else str(at)


def moved(found: list[dict[str, str]], fields: Fields) -> list[dict[str, str]]:
    """Add, move or take away a block, as a button says."""
    do = fields.get("do", "")
    if do == "add" and fields.get("new") in blocks.KINDS and len(found) < blocks.MOST_BLOCKS:
        return [*found, {"kind": fields["new"]}]
    if not (move := _MOVE.fullmatch(do)) or not (at := int(move[2])) < len(found):
        return found
    rest = found[:at] + found[at + 1 :]
    if move[1] == "drop":
        return rest
    to = max(at - 1, 0) if move[1] == "up" else at + 1
    return [*rest[:to], found[at], *rest[to:]]


def tab_of(document: Mapping[str, Any], fields: Fields, language: str) -> str:
    """Which language of a page is edited: the one that was asked for, else the reader's, else the first there is."""
    texts = list(document.get("texts") or {})
    asked = fields.get("tab", "")
    if fields.get("do") == "language" and LANGUAGE.fullmatch(fields.get("other", "")):
        return fields["other"]
    if fields.get("do", "").startswith("tab."):
        asked = fields["do"].removeprefix("tab.")
    for tag in (asked, language):
        if tag in texts:
            return tag
    return texts[0] if texts else language


def _carried(fields: Fields) -> dict[str, Any]:
    try:
        found = orjson.loads(fields.get("document", "") or "{}")
    except orjson.JSONDecodeError:
        found = {}
    return found if isinstance(found, dict) else {}


def _blocks(fields: Fields) -> list[dict[str, str]]:
    found = []
    for number in range(blocks.MOST_BLOCKS):
        kind = fields.get(f"b{number}.kind")
        if kind is None:
            break
        said = {name: fields.get(f"b{number}.{name}", "").replace("\r\n", "\n") for name in blocks.FIELDS}
        found.append({"kind": kind, **{name: text for name, text in said.items() if text.strip()}})
    return found


def _style(document: dict[str, Any], fields: Fields) -> dict[str, Any]:
    told: dict[str, Any] = {name: fields[name].strip() for name in (*COLOURS, "font", "logo") if fields.get(name)}
    radius = fields.get("radius", "").strip()
    if radius:
        told["radius"] = int(radius) if radius.isascii() and radius.isdigit() and len(radius) < 10 else radius
    kept = {tag: text for tag, text in (document.get("legal") or {}).items() if tag not in LANGUAGES}
    told["legal"] = kept | _texts(fields, "legal")
    promotions = {}
    for number in range(50):
        name = fields.get(f"p{number}.name")
        if name is None:
            break
        if fields.get("do") == f"unpromote.{number}" or not name.strip():
            continue
        each: dict[str, Any] = {
            field: text
            for field in ("accent", "on_accent", "picture")
            if (text := fields.get(f"p{number}.{field}", "").strip())
        }
        if headline := _texts(fields, f"p{number}.headline"):
            each["headline"] = headline
        promotions[name.strip()] = each
    told["promotions"] = promotions
    if fields.get("do") == "promote" and (name := fields.get("promotion", "").strip()):
        promotions.setdefault(name, {})
    return told


def _page(document: dict[str, Any], fields: Fields, zone: tzinfo) -> dict[str, Any]:
    told = {name: text for name in ("brand", "promotion", "picture") if (text := fields.get(name, "").strip())}
    texts = dict(document.get("texts") or {})
    if tab := fields.get("tab", ""):
        texts[tab] = {
            "title": fields.get("title", "").strip(),
            "description": fields.get("description", "").strip(),
            "blocks": moved(_blocks(fields), fields),
        }
    if fields.get("do") == "language" and LANGUAGE.fullmatch(other := fields.get("other", "").strip()):
        texts.setdefault(other, {"title": "", "description": "", "blocks": texts.get(tab, {}).get("blocks", [])})
    if fields.get("do") == "unlanguage" and len(texts) > 1:
        texts.pop(tab, None)
    whole: dict[str, Any] = {**told, "texts": texts}
    for name in ("opens_at", "closes_at"):
        if at := fields.get(name, "").strip():
            whole[name] = _instant(at, zone)
    if "form" in fields:
        before = dict(document.get("form") or {})
        form: dict[str, Any] = {"asks": [name for name in ASKED if f"asks.{name}" in fields]}
        for name in ("consent", "button", "thanks"):
            said = dict(before.get(name) or {})
            said.pop(tab, None)
            if text := fields.get(f"form.{name}", "").strip():
                said[tab] = text
            if said:
                form[name] = said
        whole["form"] = form
    return whole


def _instant(text: str, zone: tzinfo) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()


def _texts(fields: Fields, name: str) -> dict[str, str]:
    return {tag: text.replace("\r\n", "\n") for tag in LANGUAGES if (text := fields.get(f"{name}.{tag}", "").strip())}
