"""Reading a programme document, naming its errors, and its canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import ValidationError

from libs.promotions.parts import Misplaced
from libs.promotions.programme import Programme
from libs.promotions.strict_yaml import line_of, read_yaml

MAX_ERRORS = 50
SCHEMA_KEY = "$schema"
"""A key at the top that tells editors where the document's JSON Schema is; it is no part of the document."""


@dataclass(frozen=True, slots=True)
class DocumentError:
    """One fault: where (`campaigns[3].effect.points`), why, and what is allowed there when that is a closed set.

    `line` is where that stands in the text, the first being 1; None where there was no text.
    """

    path: str
    reason: str
    allowed: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Write it as one line."""
        told = f"{self.path}: {self.reason}"
        if self.allowed and self.allowed not in self.reason:
            told += f"; allowed: {self.allowed}"
        return told if self.line is None else f"line {self.line}: {told}"


class ProgrammeInvalid(ValueError):
    """The document is refused as a whole; `errors` names every fault that was found."""

    def __init__(self, errors: tuple[DocumentError, ...]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


def parse_programme(document: object) -> Programme:
    """Validate a document (a mapping as JSON or YAML gives it).

    Raises:
        ProgrammeInvalid: with every fault found, up to 50.
    """
    if isinstance(document, Mapping) and SCHEMA_KEY in document:
        document = {key: value for key, value in document.items() if key != SCHEMA_KEY}
    if spoilt := [DocumentError(path, "a text holds no character U+0000") for path in _with_nul(document)]:
        raise ProgrammeInvalid(tuple(spoilt[:MAX_ERRORS]))
    try:
        return Programme.model_validate(document)
    except ValidationError as invalid:
        faults = invalid.errors(include_url=False, include_context=True)[:MAX_ERRORS]
        raise ProgrammeInvalid(tuple(_error(fault, document) for fault in faults)) from None


def parse_programme_yaml(text: str) -> Programme:
    """Read and validate a YAML or JSON text. Anchors are refused, repeated keys too, and `22:00` is a text.

    Raises:
        ProgrammeInvalid: it can't be read, or is no programme; its faults have lines.
    """
    document = read_document(text)
    with locating(text):
        return parse_programme(document)


def read_document(text: str) -> Any:
    """Read a YAML or JSON text.

    Raises:
        ProgrammeInvalid: it can't be read; the fault names line and column.
    """
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError):
            pass  # a flow mapping of YAML begins so too, and YAML tells where the fault is
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise ProgrammeInvalid((DocumentError(where, str(getattr(error, "problem", None) or error)),)) from None
    except RecursionError:
        raise ProgrammeInvalid((DocumentError("document", "it is nested too deep"),)) from None


@contextmanager
def locating(text: str) -> Iterator[None]:
    """Let faults that are found inside the block name their lines in a text."""
    try:
        yield
    except ProgrammeInvalid as invalid:
        errors = tuple([replace(error, line=line_of(text, error.path)) for error in invalid.errors])
        raise ProgrammeInvalid(errors) from None


def canonical_json(programme: Programme) -> bytes:
    """Write the document complete, defaults included, so that a later default never changes what it means.

    Fields declared with `unless_written` are left out when they say what their absence always means.
    """
    return canonical_bytes(programme.model_dump(mode="json", by_alias=True, exclude_none=True))


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """Write JSON with sorted keys, without spaces, in UTF-8: equal documents have equal bytes."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def document_hash(document: Mapping[str, Any]) -> str:
    """Hash a stored document (as read back from JSON): lower-case hexadecimal SHA-256 of its canonical bytes."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def programme_hash(programme: Programme) -> str:
    """Hash a programme: SHA-256 of its canonical JSON, equal to `document_hash` of it read back."""
    return hashlib.sha256(canonical_json(programme)).hexdigest()


def _with_nul(document: object) -> Iterator[str]:
    """Where texts hold a character that no text in the database can; without recursion, however deep it is nested."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                yield path or "document"
        elif isinstance(value, Mapping):
            waiting += [(f"{path}.{key}" if path else f"{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{path}[{at}]", inner) for at, inner in enumerate(value)]


def _error(fault: Any, document: object) -> DocumentError:
    context = fault.get("ctx", {})
    allowed = context.get("expected") or context.get("expected_tags") or context.get("pattern")
    location, cause = fault["loc"], context.get("error")
    if isinstance(cause, Misplaced):
        location, allowed = (*location, cause.path), cause.allowed
    path = _path(location, document)
    reason = fault["msg"].removeprefix("Value error, ")
    return DocumentError(path or "document", reason, str(allowed) if allowed else None)


def _path(location: tuple[int | str, ...], document: object) -> str:
    """Write a location as a path, without the tags of unions that pydantic puts in between."""
    path, here = "", document
    for at, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif _is_tag(step, here, last=at == len(location) - 1):
            continue
        else:
            path += f".{step}" if path else step
        here = _inside(here, step)
    return path


def _is_tag(step: str, here: object, *, last: bool) -> bool:
    return not last and isinstance(here, Mapping) and step not in here and here.get("kind") == step


def _inside(here: object, step: int | str) -> object:
    if isinstance(here, Mapping):
        return here.get(step)
    if isinstance(step, int) and isinstance(here, list | tuple) and step < len(here):
        return here[step]
    return None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key appears twice")
    return document
