"""What members share, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.runtime import sql

_QUERIES = sql.load("services.gateway", "sharing.sql")
What = Literal["reward", "badge", "place"]


class Words(NamedTuple):
    """What is shown in a language."""

    title: str
    text: str


class Share(NamedTuple):
    """Something that a member shows, as it was first; `opened` counts the people who came by its link.

    `shared_at` is when it was shared last.
    """

    share_id: UUID
    what: What
    reference: str
    texts: Mapping[str, Words]
    picture: str | None
    shared_at: datetime
    opened: int = 0

    def words(self, language: str) -> Words:
        """The words for a reader."""
        return self.texts.get(language) or self.texts["en"]


class Count(NamedTuple):
    """How often something was shared, and how often people came by it."""

    what: What
    reference: str
    shared: int
    opened: int


async def add(connection: asyncpg.Connection, name: tuple[int, int, UUID], share: Share) -> None:
    """Keep what a member shares, or that it was shared again."""
    texts = orjson.dumps({language: words._asdict() for language, words in share.texts.items()}).decode()
    said = (share.share_id, share.what, share.reference, texts, share.picture, share.shared_at)
    await connection.execute(_QUERIES["add"], *name, *said)


async def find(connection: asyncpg.Connection, scope: tuple[int, int], share_id: UUID, since: datetime) -> Share | None:
    """Return what a link leads to; None where there is nothing that was shared since an instant."""
    row = await connection.fetchrow(_QUERIES["share"], *scope, share_id, since)
    return None if row is None else _share(row)


async def count_visit(connection: asyncpg.Connection, scope: tuple[int, int], share_id: UUID) -> None:
    """Count somebody who came by a link."""
    await connection.execute(_QUERIES["open"], *scope, share_id)


async def load_of_member(connection: asyncpg.Connection, name: tuple[int, int, UUID]) -> list[Share]:
    """Return what a member shared, up to 100, the newest first."""
    return [_share(row) for row in await connection.fetch(_QUERIES["of_member"], *name)]


async def load_counts(connection: asyncpg.Connection, scope: tuple[int, int], most: int) -> list[Count]:
    """Return what is shared most often in a programme."""
    return [Count(*row) for row in await connection.fetch(_QUERIES["counts"], *scope, most)]


def _share(row: Mapping[str, Any]) -> Share:
    texts = {language: Words(**words) for language, words in orjson.loads(row["texts"]).items()}
    return Share(row["share_id"], row["what"], row["reference"], texts, row["picture"], row["shared_at"], row["opened"])
