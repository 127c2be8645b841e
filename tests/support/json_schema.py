"""A small checker of JSON Schemas: the words that our generated ones use, and an error for any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

Schema = Mapping[str, Any]

_SILENT = frozenset({"title", "description", "default", "$schema", "$id", "$defs"})
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
_FORMATS: Mapping[str, Callable[[str], Any]] = {"date-time": datetime.fromisoformat, "uuid": UUID}
_LIMITS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
    "maxProperties": lambda value, limit: len(value) <= limit,
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
    "const": lambda value, constant: bool(value == constant),
    "enum": lambda value, choices: value in choices,
}


def resolve(reference: str, root: Schema) -> Any:
    """Return what a local reference points at.

    Raises:
        KeyError: nothing stands there.
        ValueError: it is no local reference.
    """
    if not reference.startswith("#/"):
        raise ValueError(f"{reference} is not local")
    target: Any = root
    for step in reference[2:].split("/"):
        target = target[step.replace("~1", "/").replace("~0", "~")]
    return target


def faults(value: Any, schema: Schema, root: Schema, path: str = "") -> Iterator[str]:
    """Give the places where a value is not as a schema of the document `root` says.

    Raises:
        ValueError: the schema uses a word that is not known here.
    """
    unknown = schema.keys() - _SILENT - _LIMITS.keys()
    unknown -= {"$ref", "allOf", "anyOf", "type", "format", "properties", "required", "items"}
    unknown -= {"propertyNames", "additionalProperties"}
    if unknown:
        raise ValueError(f"{path}: cannot check {', '.join(sorted(unknown))}")
    if "$ref" in schema:
        yield from faults(value, resolve(schema["$ref"], root), root, path)
    for part in schema.get("allOf", ()):
        yield from faults(value, part, root, path)
    if "anyOf" in schema and all(any(faults(value, part, root, path)) for part in schema["anyOf"]):
        yield f"{path}: none of the choices"
    if "type" in schema and not _TYPES[schema["type"]](value):
        yield f"{path}: no {schema['type']}"
        return
    yield from (f"{path}: {word}" for word in _LIMITS if word in schema and not _LIMITS[word](value, schema[word]))
    if "format" in schema and not _readable(value, _FORMATS[schema["format"]]):
        yield f"{path}: no {schema['format']}"
    yield from _inside(value, schema, root, path)


def _inside(value: Any, schema: Schema, root: Schema, path: str) -> Iterator[str]:
    yield from (f"{path}/{name}: missing" for name in schema.get("required", ()) if name not in value)
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            yield from faults(value[name], inner, root, f"{path}/{name}")
    for name, inner in value.items() if "additionalProperties" in schema else ():
        yield from faults(name, schema.get("propertyNames", {}), root, f"{path}/{name}")
        yield from faults(inner, schema["additionalProperties"], root, f"{path}/{name}")
    if "items" in schema:
        for at, item in enumerate(value):
            yield from faults(item, schema["items"], root, f"{path}/{at}")


def _readable(value: str, read: Callable[[str], Any]) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True
