"""The segments of a batch's members: read with the members themselves, where their programme asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from libs.judging.groups import in_segments
from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime import sql
from services.earning.verdict import Standing

OPEN_BATCH = sql.load("services.earning", "segments.sql")["open_batch"]

Scope = tuple[int, int]

Seeing = Mapping[Scope, RunningProgramme]
"""The programmes of a batch whose campaigns ask for segments."""

NOBODY: Seeing = MappingProxyType({})

_COLUMNS = [f"segment_{name}" for name in ("tenants", "programmes", "members", "names")]


def seeing(programmes: Mapping[Scope, RunningProgramme]) -> Seeing:
    """Of some programmes, those whose campaigns ask for segments; nearly always none."""
    return {scope: each for scope, each in programmes.items() if each.sees_segments} or NOBODY


def see(standings: Mapping[MemberName, Standing], row: Mapping[str, Any], asking: Seeing) -> None:
    """Put into the facts of members what `OPEN_BATCH` found of their segments, where their programme asks."""
    found: dict[MemberName, list[str]] = {}
    for tenant, programme, member_id, name in zip(*[row[column] or () for column in _COLUMNS], strict=True):
        found.setdefault((tenant, programme, member_id), []).append(name)
    for name, standing in standings.items():
        programme = asking.get(name[:2])
        if programme is not None:
            standing.facts = in_segments(standing.facts, found.get(name, ()), programme)
