"""What people write: a programme document that need not carry the number of its version.

A document without a number gets the next one. One with a number was made for that version, or is an edited copy of the
one before: so it is refused as soon as somebody else has published meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from libs.promotions.diff import content
from libs.promotions.document import locating, parse_programme, read_document
from libs.promotions.programme import Programme

_WIDE = 110


@dataclass(frozen=True, slots=True)
class Draft:
    """A valid document. `named` is the number it carries, if any; that of `programme` means nothing.

    `restores` is the earlier version that it is, when it is taken up again.
    """

    programme: Programme
    named: int | None
    restores: int | None = None

    def numbered(self, version: int) -> Programme:
        """Return the programme as a version."""
        return self.programme.model_copy(update={"version": version})


def draft_of(document: object) -> Draft:
    """Validate a document as JSON or YAML gives it.

    Raises:
        libs.promotions.document.ProgrammeInvalid: with every fault found.
    """
    if not isinstance(document, Mapping):
        return Draft(parse_programme(document), None)
    named = document.get("version")
    programme = parse_programme({**document, "version": 1} if named is None else document)
    return Draft(programme, None if named is None else programme.version)


def read_draft(text: str) -> Draft:
    """Read and validate a YAML or JSON text.

    Raises:
        libs.promotions.document.ProgrammeInvalid: with every fault found, each with its line.
    """
    document = read_document(text)
    with locating(text):
        return draft_of(document)


def as_yaml(programme: Programme, schema: str | None = None) -> str:
    """Write a programme as a text that reads back to the same; `schema` tells editors where the JSON Schema is."""
    document = _without_empty({"version": programme.version, **content(programme)})
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=_WIDE
    )


def _without_empty(value: Any) -> Any:
    """Leave out lists and parts that say nothing: nothing is what their absence says."""
    if isinstance(value, list):
        return [_without_empty(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _without_empty(each) for key, each in value.items()}
    return {key: each for key, each in inner.items() if each not in ([], {})}


class _Dumper(yaml.SafeDumper):
    """Writes texts so that the strict reader takes them for texts: what others read as a number or a time is quoted."""
