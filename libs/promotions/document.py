"""Reading a programme document, naming its errors, and its canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from libs.promotions.parts import Misplaced
from libs.promotions.programme import Programme

MAX_ERRORS = 50
_CORE_SCALARS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float"})


@dataclass(frozen=True, slots=True)
class DocumentError:
    """One fault: where (`campaigns[3].effect.points`), why, and what is allowed there when that is a closed set."""

    path: str
    reason: str
    allowed: str | None = None

    def __str__(self) -> str:
        """Write it as one line."""
        return f"{self.path}: {self.reason}" + (f"; allowed: {self.allowed}" if self.allowed else "")


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
    try:
        return Programme.model_validate(document)
    except ValidationError as invalid:
        faults = invalid.errors(include_url=False, include_context=True)[:MAX_ERRORS]
        raise ProgrammeInvalid(tuple(_error(fault, document) for fault in faults)) from None


def parse_programme_yaml(text: str) -> Programme:
    """Read and validate a YAML text. Anchors are refused, repeated keys too, and `22:00` is a text.

    Raises:
        ProgrammeInvalid: it is not YAML, or not a programme.
    """
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 a SafeLoader made stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise ProgrammeInvalid((DocumentError(where, str(getattr(error, "problem", None) or error)),)) from None
    return parse_programme(document)


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


class _StrictLoader(yaml.SafeLoader):
    """YAML without its surprises: only plain decimal integers, no timestamps, floats, anchors or repeated keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012 the parent's own way
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _CORE_SCALARS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias: a few of them can stand for a document of any size."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "anchors are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Refuse a key that is written twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} appears twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
