"""The promise of compatibility: which changes to a schema would hurt somebody, and whom.

A version may gain optional fields, and an event that we read may become more tolerant. Everything else is a new
version beside the old one. Two parties have to be thought of: whoever sends by the old schema to a reader with the new
one, and, for events that we publish, whoever reads by the old schema what is sent by the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from libs.contracts.registry import EVENTS
from libs.contracts.samples import DEAD_LETTER_HEADERS

Direction = Literal["in", "out"]
Schema = Mapping[str, Any]

_LOWER = ("minimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")
_FIXED = ("pattern", "format", "propertyNames", "additionalProperties")


@dataclass(frozen=True, slots=True)
class Break:
    """One change that hurts: where in the event, what happened there, and who will feel it."""

    short_name: str
    path: str
    change: str
    consumers: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.short_name}: {self.path or '/'}: {self.change} (hits {', '.join(self.consumers)})"


def breaks_between(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Break]:
    """Compare two sets of schemas by short name and return what hurts, in the order of the files."""
    found = []
    for short_name, schema in old.items():
        direction, consumers = _parties(short_name)
        if short_name not in new:
            found.append(Break(short_name, "", "the version was removed", consumers))
            continue
        for path, change in broken_by(schema, new[short_name], direction):
            found.append(Break(short_name, path, change, consumers))
    return found


def broken_by(old: Schema, new: Schema, direction: Direction) -> list[tuple[str, str]]:
    """Compare two schemas of one version and return each hurtful change as its path and what it is."""
    return list(_Comparison(old, new, direction).of(old, new, ""))


def _parties(short_name: str) -> tuple[Direction, tuple[str, ...]]:
    contract = EVENTS.get("org.pointstream." + short_name)
    if contract is not None:
        return contract.direction, contract.topic.consumers
    return "out", ("operators",) if short_name == DEAD_LETTER_HEADERS else ("everybody who knew it",)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Walks two schemas side by side, each with its own definitions."""

    old_root: Schema
    new_root: Schema
    direction: Direction

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[tuple[str, str]]:
        old, old_null = _nullable(_resolved(old, self.old_root))
        new, new_null = _nullable(_resolved(new, self.new_root))
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        if old_null and not new_null:
            yield path, "null is no longer allowed"
        if new_null and not old_null and self.direction == "out":
            yield path, "may now be null"
        if old.get("type") != new.get("type") or old.get("anyOf") != new.get("anyOf"):
            yield path, f"type changed from {_kind(old)} to {_kind(new)}"
            return
        yield from self._values(old, new, path)
        yield from self._bounds(old, new, path)
        yield from self._fields(old, new, path)
        if "items" in old and "items" in new:
            yield from self.of(old["items"], new["items"], path + "/*")

    def _values(self, old: Schema, new: Schema, path: str) -> Iterator[tuple[str, str]]:
        before, after = _allowed(old), _allowed(new)
        if after is not None and (before is None or before - after):
            yield path, f"fewer values are allowed: {', '.join(sorted(after))}"
        if before is not None and (after is None or after - before) and self.direction == "out":
            yield path, f"more values may come than {', '.join(sorted(before))}"

    def _bounds(self, old: Schema, new: Schema, path: str) -> Iterator[tuple[str, str]]:
        for word, sign in [(word, 1) for word in _LOWER] + [(word, -1) for word in _UPPER]:
            before, after = old.get(word), new.get(word)
            if before == after:
                continue
            narrowed = before is None or (after is not None and sign * after > sign * before)
            if narrowed:
                yield path, f"{word} narrowed from {before} to {after}"
            elif self.direction == "out":
                yield path, f"{word} widened from {before} to {after}"
        for word in _FIXED:
            if old.get(word) != new.get(word) and (word in new or self.direction == "out"):
                yield path, f"{word} changed"

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[tuple[str, str]]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            here = f"{path}/{name}"
            if name not in after:
                yield here, "the field was removed"
                continue
            if name in is_required - was_required:
                yield here, "the field became required"
            if name in was_required - is_required and self.direction == "out":
                yield here, "the field is no longer certain to be there"
            if name not in was_required | is_required and before[name].get("default") != after[name].get("default"):
                yield here, "the default changed"
            yield from self.of(before[name], after[name], here)
        for name in after:
            if name not in before and name in is_required:
                yield f"{path}/{name}", "a new field is required"


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _nullable(schema: Schema) -> tuple[Schema, bool]:
    """Split `anyOf: [X, null]`, as optional fields are written, into X and whether null is allowed."""
    others = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if "anyOf" not in schema or len(others) != 1:
        return schema, False
    return others[0], len(schema["anyOf"]) > 1


def _allowed(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return set(map(str, schema["enum"])) if "enum" in schema else None


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "several types"))
