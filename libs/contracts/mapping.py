"""Plain JSON of a till as an event of ours: a mapping says which of its values goes where.

A mapping document is data, kept with the source that it belongs to; `docs/sources.md` describes its language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from libs.contracts.envelope import SPEC_VERSION
from libs.contracts.mapping_fit import unfit
from libs.contracts.mapping_language import (
    MAX_FAULTS,
    Condition,
    Const,
    Each,
    Fault,
    Index,
    Listed,
    MappingInvalid,
    Moment,
    Named,
    Node,
    Outline,
    Taken,
    faults_of,
    read_leaf,
    read_node,
)
from libs.contracts.mapping_values import Misfit, as_instant, as_minor_units, as_text
from libs.contracts.pointers import NOTHING, Pointer
from libs.contracts.registry import EVENTS
from libs.contracts.rejection import Rejection

MAX_ITEMS = 5000
_FORBIDDEN_IN_SEGMENT = re.compile(r"[%/\x00-\x20]")

Leaf = Const | Index | Taken | Moment


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """A mapping and the prefix of the source whose records it is for."""

    prefix: str
    mapping: EventMapping


@dataclass(frozen=True, slots=True)
class EventMapping:
    """A mapping document that was found good. `match` is empty when it serves files only."""

    match: tuple[Condition, ...]
    type: str
    id: tuple[Const | Taken | Moment, ...]
    time: Moment
    source: tuple[Taken, ...]
    group_by: tuple[Pointer, ...]
    data: Named

    def fits(self, document: Any, headers: Mapping[str, bytes | None]) -> bool:
        """Tell whether a record is meant for this mapping; `headers` has names in lower case."""
        return bool(self.match) and all(_holds(condition, document, headers) for condition in self.match)

    def unmet(self, document: Any) -> Rejection | None:
        """Return the first condition that a record does not meet by itself, whatever its headers; None if it does."""
        for condition in self.match:
            if condition.pointer is not None and not _holds(condition, document, {}):
                return Rejection("field", condition.pointer.text, f"{condition.equals!r}, as `match` says"[:200])
        return None


def parse_mapping(document: object) -> EventMapping:
    """Validate a mapping document, as JSON or YAML gives it, against the language and the event that it makes.

    Raises:
        MappingInvalid: with every fault found, up to 50.
    """
    try:
        outline = Outline.model_validate(document)
    except ValidationError as invalid:
        raise MappingInvalid(tuple(faults_of(invalid))[:MAX_FAULTS]) from None
    faults: list[Fault] = []
    parts = outline.id if isinstance(outline.id, list) and outline.id else [outline.id]
    names = [_name(part, "/id", faults) for part in parts]
    time = _time(outline.time, faults)
    data = read_node(outline.data, "/data", faults)
    if isinstance(data, Named):
        faults.extend(unfit(data, EVENTS[outline.type].model, "/data"))
    else:
        faults.append(Fault("/data", "an object with the fields of the event"))
    if faults or time is None or not isinstance(data, Named):
        raise MappingInvalid(tuple(faults[:MAX_FAULTS]))
    kept = tuple(name for name in names if name is not None)
    segments = tuple(Taken(pointer=place) for place in outline.source)
    return EventMapping(outline.match, outline.type, kept, time, segments, outline.group_by, data)


def _name(part: object, path: str, faults: list[Fault]) -> Const | Taken | Moment | None:
    leaf = read_leaf(part, path, faults)
    if isinstance(leaf, Index):
        faults.append(Fault(path, "a value of the record"))
        return None
    return leaf


def _time(part: object, faults: list[Fault]) -> Moment | None:
    leaf = read_leaf({"pointer": part} if isinstance(part, str) else part, "/time", faults)
    if isinstance(leaf, Taken) and leaf == Taken(pointer=leaf.pointer):
        return Moment(pointer=leaf.pointer)
    if leaf is not None and not isinstance(leaf, Moment):
        faults.append(Fault("/time", "an instant: pointer or pointers, with zone and format where they are needed"))
        return None
    return leaf


def apply(mapping: EventMapping, document: Any, prefix: str) -> dict[str, Any] | Rejection:
    """Make the CloudEvent that a mapping makes of a document; it is not yet validated as an event.

    `document` consists of dicts, lists, texts, ints, `Decimal`s and truth values; `prefix` is that of the source. A
    rejection names a place in the document.
    """
    walk = _Walk()
    try:
        event: dict[str, Any] = {"specversion": SPEC_VERSION}
        event["id"] = "/".join(walk.name(leaf, document, len(mapping.id) > 1) for leaf in mapping.id)
        event["source"] = prefix + "".join("/" + walk.name(leaf, document, True) for leaf in mapping.source)
        event["type"] = mapping.type
        event["time"] = walk.obligatory(mapping.time, document)
    except Misfit as misfit:
        return Rejection("envelope", walk.place, str(misfit))
    try:
        event["data"] = walk.tree(mapping.data, document, "", 0)
    except Misfit as misfit:
        return Rejection("field", walk.place, str(misfit))
    return event


def in_the_original(mapping: EventMapping, rejection: Rejection, document: Any) -> Rejection:
    """Turn what was wrong with the event that a mapping made into what was wrong with the document it was made of.

    What came from nowhere in the document has no place there; the detail then names the event's field.
    """
    name, *steps = rejection.field.split("/")[1:] or [""]
    node = {"data": mapping.data, "id": mapping.id[0], "time": mapping.time}.get(name)
    place = None if node is None else _origin(node, steps, document, "")
    if place is None:
        return Rejection(rejection.code, "", f"{rejection.detail}, in {rejection.field or 'the event'}")
    return Rejection(rejection.code, place, rejection.detail)


@dataclass(slots=True)
class _Walk:
    """One walk through a mapping; `place` is where in the document it last looked."""

    place: str = ""

    def tree(self, node: Node, document: Any, base: str, index: int) -> Any:
        # The most frequent first: asking a pydantic object whether it is of another class is slow.
        if isinstance(node, Taken):
            self.place = base + node.pointer.text
            return _taken(node, document)
        if isinstance(node, Named):
            made = {}
            for name, inner in node.fields.items():
                value = self.tree(inner, document, base, index)
                if value is not NOTHING:
                    made[name] = value
            return made
        if isinstance(node, Listed):
            return [self.tree(entry, document, base, index) for entry in _speaking(node, document)]
        if isinstance(node, Each):
            return self._items(node, document, base)
        return self._leaf(node, document, base, index)

    def _items(self, node: Each, document: Any, base: str) -> Any:
        place = base + node.each.text
        items = node.each.find(document)
        self.place = place
        if items is NOTHING:
            return NOTHING
        if not isinstance(items, list):
            raise Misfit("an array")
        if len(items) > MAX_ITEMS:
            raise Misfit(f"at most {MAX_ITEMS} items")
        return [self.tree(node.item, item, f"{place}/{at}", at) for at, item in enumerate(items)]

    def _leaf(self, leaf: Const | Index | Moment, document: Any, base: str, index: int) -> Any:
        if isinstance(leaf, Const):
            return leaf.const
        if isinstance(leaf, Index):
            return leaf.index + index
        self.place = base + leaf.places[0].text
        return _moment(leaf, document)

    def obligatory(self, leaf: Leaf, document: Any) -> Any:
        value = self.tree(leaf, document, "", 0)
        if value is NOTHING:
            raise Misfit("a value: it is needed for every event")
        return value

    def name(self, leaf: Leaf, document: Any, one_of_several: bool) -> str:
        """Give a text for an id or a segment of a path; of several each is written so that no two sets look alike."""
        text = as_text(self.obligatory(leaf, document))
        return _FORBIDDEN_IN_SEGMENT.sub(lambda sign: f"%{ord(sign[0]):02X}", text) if one_of_several else text


def _holds(condition: Condition, document: Any, headers: Mapping[str, bytes | None]) -> bool:
    found: Any
    if condition.pointer is not None:
        found = condition.pointer.find(document)
    else:
        found = (headers.get((condition.header or "").lower()) or b"").decode("utf-8", "replace")
    return bool(found == condition.equals) and isinstance(found, bool) == isinstance(condition.equals, bool)


def _taken(leaf: Taken, document: Any) -> Any:
    found = leaf.pointer.find(document)
    if leaf.table is not None and found is not NOTHING:
        found = leaf.table.get(as_text(found), NOTHING)
        if found is NOTHING and leaf.otherwise is None:
            raise Misfit(f"one of {', '.join(map(repr, leaf.table))}"[:200])
    if found is NOTHING:
        return NOTHING if leaf.otherwise is None else leaf.otherwise
    if leaf.text:
        return as_text(found)
    return found if leaf.decimal is None else as_minor_units(found, leaf.decimal, leaf.mark)


def _moment(leaf: Moment, document: Any) -> Any:
    found = [place.find(document) for place in leaf.places]
    if NOTHING in found:
        return NOTHING
    value = found[0] if len(found) == 1 else " ".join(map(as_text, found))
    return as_instant(value, leaf.zone, leaf.format).isoformat().replace("+00:00", "Z")


def _speaking(listed: Listed, document: Any) -> list[Node]:
    """Return the entries that have something to say: they take nothing from the document, or find something there."""
    return [
        entry
        for entry, places in zip(listed.entries, listed.places, strict=True)
        if not places or any(place.find(document) is not NOTHING for place in places)
    ]


def _origin(node: Node, steps: list[str], document: Any, base: str) -> str | None:
    """Return where the value stands that an event has under `steps` of a tree; None when it comes from nowhere."""
    place: str | None = None
    if isinstance(node, Taken):
        place = base + node.pointer.text + "".join(f"/{step}" for step in steps)
    elif isinstance(node, Moment):
        place = base + node.places[0].text
    elif isinstance(node, Each):
        place = base + node.each.text
        if steps:
            item = node.each.find(document)[int(steps[0])]
            place = _origin(node.item, steps[1:], item, f"{place}/{steps[0]}")
    elif isinstance(node, Listed) and steps:
        place = _origin(_speaking(node, document)[int(steps[0])], steps[1:], document, base)
    elif isinstance(node, Named) and steps and steps[0] in node.fields:
        place = _origin(node.fields[steps[0]], steps[1:], document, base)
    return place
