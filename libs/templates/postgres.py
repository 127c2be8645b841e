"""Published templates in PostgreSQL. Only stores import this module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg
import orjson

from libs.messages.block_mail import pictures_of
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName
from libs.messages.library import Chosen, chosen
from libs.messages.template import Compiled, Template
from libs.runtime import sql
from libs.templates import forms
from libs.templates.images import Image, picture

_QUERIES = sql.load("libs.templates", "templates.sql")
Scope = tuple[int, int]
"""Tenant and programme."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands: versions are counted at each place."""

    name: str
    brand: str
    language: str
    channel: ChannelName

    @classmethod
    def of(cls, template: Template) -> Place:
        """Where a template would stand."""
        return cls(template.name, template.brand, template.language, template.channel)


@dataclass(frozen=True, slots=True)
class Published:
    """A version. A `withdrawn` one has nothing to say: what lies behind it is taken, such as the shipped template."""

    place: Place
    version: int
    state: Literal["published", "withdrawn"]
    template: Template | None
    compiled: Compiled | None
    note: str | None
    published_by: str
    published_at: datetime

    def taken(self) -> Chosen | None:
        """Return it as it is filled; None when it was withdrawn."""
        if self.template is None or self.compiled is None:
            return None
        return chosen(self.template, self.compiled, self.version)


class NothingBefore(ValueError):
    """There is no version to go back to."""


async def load_heads(connection: asyncpg.Connection, scope: Scope, name: str | None = None) -> list[Published]:
    """Return the last version at every place of a programme, or at those of one message."""
    return [_published(row) for row in await connection.fetch(_QUERIES["heads"], *scope, name)]


async def load_versions(connection: asyncpg.Connection, scope: Scope, place: Place, most: int = 100) -> list[Published]:
    """Return the versions at a place, the last first."""
    rows = await connection.fetch(_QUERIES["versions"], *scope, *_columns(place), most)
    return [_published(row) for row in rows]


async def load_numbers(connection: asyncpg.Connection) -> dict[Scope, dict[Place, int]]:
    """Return the number of the last version at every place of every programme that the connection sees."""
    found: dict[Scope, dict[Place, int]] = {}
    for row in await connection.fetch(_QUERIES["numbers"]):
        found.setdefault((row["tenant_id"], row["programme_id"]), {})[_place(row)] = row["version"]
    return found


async def publish(
    connection: asyncpg.Connection, scope: Scope, template: Template, now: datetime, by: str, note: str | None = None
) -> tuple[Published, bool]:
    """Publish a template, in a transaction of the caller's; the same again changes nothing, and says so.

    Raises:
        TemplateInvalid: something is wrong with it.
    """
    made = compiled(template)
    await connection.execute(_QUERIES["lock"], *scope)
    await add_images(connection, scope[0], map(picture, pictures_of(template)), now)
    head = next(iter(await load_versions(connection, scope, Place.of(template), 1)), None)
    if head is not None and head.template == template:
        return head, False
    return await _add(connection, scope, Place.of(template), head, (template, made), (now, by, note)), True


async def restore(
    connection: asyncpg.Connection, scope: Scope, place: Place, to: int | None, now: datetime, by: str, note: str | None
) -> Published:
    """Publish an earlier version again, by default the one before the last.

    Version 0 is what was there before the first: the template is withdrawn.

    Raises:
        NothingBefore: there is no such version, or nothing published.
        TemplateInvalid: the platform has become stricter since.
    """
    await connection.execute(_QUERIES["lock"], *scope)
    versions = await load_versions(connection, scope, place, 1_000)
    if not versions:
        raise NothingBefore("nothing is published here")
    number = versions[0].version - 1 if to is None else to
    found = next((each for each in versions if each.version == number), None)
    if found is None and number != 0:
        raise NothingBefore(f"there is no version {number}")
    template = None if found is None else found.template
    said = None if template is None else (template, compiled(template))
    return await _add(connection, scope, place, versions[0], said, (now, by, note))


async def add_images(connection: asyncpg.Connection, tenant_id: int, images: Iterable[Image], now: datetime) -> None:
    """Store images; one that is there already stays."""
    for image in images:
        digest = bytes.fromhex(image.digest)
        await connection.execute(_QUERIES["add_image"], tenant_id, digest, image.media_type, image.content, now)


async def load_image(connection: asyncpg.Connection, digest: str) -> Image | None:
    """Return an image of anybody: whoever got the message sees it."""
    row = await connection.fetchrow(_QUERIES["image"], bytes.fromhex(digest))
    return None if row is None else Image(digest, row["media_type"], row["content"])


async def _add(
    connection: asyncpg.Connection,
    scope: Scope,
    place: Place,
    head: Published | None,
    said: tuple[Template, Compiled] | None,
    told: tuple[datetime, str, str | None],
) -> Published:
    version = 1 if head is None else head.version + 1
    now, by, note = told
    template, made = (None, None) if said is None else said
    added = Published(place, version, "withdrawn" if said is None else "published", template, made, note, by, now)
    await connection.execute(
        _QUERIES["add"],
        *scope,
        *_columns(place),
        version,
        added.state,
        None if template is None else template.meant_for(),
        None if template is None else orjson.dumps(forms.told(template)).decode(),
        None if made is None else orjson.dumps(forms.told_compiled(made)).decode(),
        note,
        by,
        now,
    )
    return added


def _columns(place: Place) -> tuple[str, str, str, str]:
    return place.name, place.brand, place.language, place.channel


def _place(row: Any) -> Place:
    return Place(row["name"], row["brand"], row["language"], row["channel"])


def _published(row: Any) -> Published:
    source, made = row["source"], row["compiled"]
    return Published(
        _place(row),
        row["version"],
        row["state"],
        None if source is None else forms.read(orjson.loads(source)),
        None if made is None else forms.read_compiled(orjson.loads(made)),
        row["note"],
        row["published_by"],
        row["published_at"],
    )
