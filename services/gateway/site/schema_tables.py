"""JSON Schemas as tables for people: every field, its form and its meaning. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from services.gateway.site.markup import prose, rows, table

_DEEPEST = 4


def field_table(caption: str, schemas: Mapping[str, Any], schema: Mapping[str, Any], *, of: str = "") -> str:
    """Return the fields of a schema as a table; empty when it has none. References lead into `schemas`."""
    found = resolved(schemas, schema)
    if "items" in found:
        found = resolved(schemas, found["items"])
    lines = list(_fields(schemas, found))
    return table(caption, ("Field", "Form", "Needed", "Meaning"), rows(lines), of=of) if lines else ""


def _fields(schemas: Mapping[str, Any], schema: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, ...]]:
    needed = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        path = f"{before}{name}"
        words = field.get("description", "")
        yield (
            f"<code>{escape(path)}</code>",
            escape(_form(schemas, field)),
            "yes" if name in needed else "",
            prose(words),
        )
        inner = resolved(schemas, field)
        if path.count(".") >= _DEEPEST:
            continue
        if "items" in inner:
            yield from _fields(schemas, resolved(schemas, inner["items"]), f"{path}[].")
        elif "properties" in inner:
            yield from _fields(schemas, inner, f"{path}.")


def _form(schemas: Mapping[str, Any], field: Mapping[str, Any]) -> str:
    """Say in a word or two what a field may hold."""
    if "anyOf" in field:
        return " or ".join(_form(schemas, one) for one in field["anyOf"])
    schema = resolved(schemas, field)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("format") or schema.get("type", "anything"))
    return f"list of {_form(schemas, schema['items'])}" if "items" in schema else kind


def resolved(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow the one reference that a schema may be, into `schemas` by its last segment."""
    reference = schema.get("$ref") or next((one["$ref"] for one in schema.get("allOf", ()) if "$ref" in one), None)
    return schema if reference is None else schemas[reference.rpartition("/")[2]]
