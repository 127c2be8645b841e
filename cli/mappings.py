"""Mapping documents as the command line meets them: YAML or JSON files, and what is kept with a source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cli.exits import Exit
from cli.failures import fail
from libs.contracts.mapping import EventMapping, parse_mapping
from libs.contracts.mapping_language import MappingInvalid


def read_mapping(path: Path, *, as_json: bool) -> tuple[Mapping[str, Any], EventMapping]:
    """Return a mapping as its document and as what it means; ends the command when it is none, with every fault."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        fail(Exit.USAGE, f"{path}: {error}", as_json=as_json)
    return document, understood(document, str(path), as_json=as_json)


def understood(document: object, name: str, *, as_json: bool) -> EventMapping:
    """Return what a document means; ends the command with every fault when it is no mapping."""
    try:
        return parse_mapping(document)
    except MappingInvalid as invalid:
        faults = "\n".join(f"  {fault}" for fault in invalid.faults)
        fail(Exit.USAGE, f"{name} is no mapping:\n{faults}", as_json=as_json)


def stored(text: str | None, prefix: str, *, as_json: bool) -> EventMapping | None:
    """Return the mapping that is kept with a source, if there is one."""
    return None if text is None else understood(json.loads(text), f"the mapping of {prefix}", as_json=as_json)
