"""Published designs and drafts in PostgreSQL. Only stores import this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import asyncpg
import orjson

from libs.design import style_forms
from libs.design.faults import DesignInvalid
from libs.design.style import Brand, Brands
from libs.runtime import sql

_QUERIES = sql.load("libs.design", "design.sql")
Scope = tuple[int, int]
"""Tenant and programme."""
Kind = Literal["style", "page"]
DraftKind = Literal["style", "page", "template"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAFT_KINDS: tuple[DraftKind, ...] = get_args(DraftKind)
_MOST = 500


@dataclass(frozen=True, slots=True)
class Version:
    """A published version. A `withdrawn` one has no source: nothing of its name is in force."""

    kind: Kind
    name: str
    version: int
    state: Literal["published", "withdrawn"]
    source: Mapping[str, Any] | None
    note: str | None
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody works on; `revision` counts how often it was saved. It may have any fault."""

    kind: DraftKind
    name: str
    revision: int
    source: Mapping[str, Any]
    saved_by: str
    saved_at: datetime


class NothingBefore(ValueError):
    """There is no version to go back to."""


class DraftChanged(ValueError):
    """Somebody else has saved the draft since."""


async def load_heads(connection: asyncpg.Connection, scope: Scope, kind: Kind) -> list[Version]:
    """Return the last version of each design of a kind."""
    return [_version(row) for row in await connection.fetch(_QUERIES["heads"], *scope, kind)]


async def load_versions(
    connection: asyncpg.Connection, scope: Scope, kind: Kind, name: str, most: int = 100
) -> list[Version]:
    """Return the versions of a design, the last first."""
    return [_version(row) for row in await connection.fetch(_QUERIES["versions"], *scope, kind, name, most)]


async def publish(
    connection: asyncpg.Connection,
    scope: Scope,
    kind: Kind,
    name: str,
    source: Mapping[str, Any],
    now: datetime,
    by: str,
    note: str | None = None,
) -> tuple[Version, bool]:
    """Publish a design that was checked, in a transaction of the caller's; the same again changes nothing."""
    await connection.execute(_QUERIES["lock"], *scope)
    head = next(iter(await load_versions(connection, scope, kind, name, 1)), None)
    if head is not None and head.source == source:
        return head, False
    return await _add(connection, scope, (kind, name), head, source, (now, by, note)), True


async def restore(
    connection: asyncpg.Connection,
    scope: Scope,
    kind: Kind,
    name: str,
    to: int | None,
    now: datetime,
    by: str,
    note: str | None = None,
) -> Version:
    """Publish an earlier version again, by default the one before the last; 0 withdraws.

    Raises:
        NothingBefore: there is no such version, or nothing published.
    """
    await connection.execute(_QUERIES["lock"], *scope)
    versions = await load_versions(connection, scope, kind, name, 1_000)
    if not versions:
        raise NothingBefore("nothing is published here")
    number = versions[0].version - 1 if to is None else to
    found = next((each for each in versions if each.version == number), None)
    if found is None and number != 0:
        raise NothingBefore(f"there is no version {number}")
    source = None if found is None else found.source
    return await _add(connection, scope, (kind, name), versions[0], source, (now, by, note))


async def load_brands(connection: asyncpg.Connection, scope: Scope) -> Brands:
    """Return the styles in force of a programme, by brand."""
    found = {each.name: _brand(each.source) for each in await load_heads(connection, scope, "style")}
    return {name: brand for name, brand in found.items() if brand is not None}


async def load_all_brands(connection: asyncpg.Connection) -> dict[Scope, dict[str, tuple[int, Brand | None]]]:
    """Return the styles of every programme that the connection sees, by brand, each with its version."""
    found: dict[Scope, dict[str, tuple[int, Brand | None]]] = {}
    for row in await connection.fetch(_QUERIES["all_styles"]):
        source = row["source"]
        brand = _brand(None if source is None else orjson.loads(source))
        found.setdefault((row["tenant_id"], row["programme_id"]), {})[row["name"]] = (row["version"], brand)
    return found


async def load_drafts(
    connection: asyncpg.Connection, scope: Scope, kind: DraftKind | None = None, name: str | None = None
) -> list[Draft]:
    """Return drafts, the last saved first."""
    rows = await connection.fetch(_QUERIES["drafts"], *scope, kind, name, _MOST)
    return [
        Draft(row["kind"], row["name"], row["revision"], orjson.loads(row["source"]), row["saved_by"], row["saved_at"])
        for row in rows
    ]


async def save_draft(
    connection: asyncpg.Connection,
    scope: Scope,
    kind: DraftKind,
    name: str,
    source: Mapping[str, Any],
    seen: int | None,
    now: datetime,
    by: str,
) -> int:
    """Save a draft, and return its revision; `seen` is the one that its writer saw, None to save it over any.

    Raises:
        DraftChanged: there is another revision by now.
    """
    said = orjson.dumps(source).decode()
    revision = await connection.fetchval(_QUERIES["save_draft"], *scope, kind, name, seen, said, by, now)
    if revision is None:
        raise DraftChanged("somebody else has saved this draft since")
    return int(revision)


async def drop_draft(connection: asyncpg.Connection, scope: Scope, kind: DraftKind, name: str) -> bool:
    """Throw a draft away, and say whether there was one."""
    return await connection.fetchval(_QUERIES["drop_draft"], *scope, kind, name) is not None


def _brand(source: Mapping[str, Any] | None) -> Brand | None:
    """Read a style; one that was published before the platform became stricter counts as none."""
    try:
        return None if source is None else style_forms.read(source)
    except DesignInvalid:
        return None


async def _add(
    connection: asyncpg.Connection,
    scope: Scope,
    what: tuple[Kind, str],
    head: Version | None,
    source: Mapping[str, Any] | None,
    told: tuple[datetime, str, str | None],
) -> Version:
    now, by, note = told
    version = 1 if head is None else head.version + 1
    added = Version(*what, version, "withdrawn" if source is None else "published", source, note, by, now)
    said = None if source is None else orjson.dumps(source).decode()
    await connection.execute(_QUERIES["add"], *scope, *what, version, added.state, said, note, by, now)
    return added


def _version(row: Any) -> Version:
    source = row["source"]
    return Version(
        row["kind"],
        row["name"],
        row["version"],
        row["state"],
        None if source is None else orjson.loads(source),
        row["note"],
        row["published_by"],
        row["published_at"],
    )
