"""Questionnaires, and who filled in which when, in PostgreSQL. Only stores import this module."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.questionnaires.figures import Share, shares
from libs.questionnaires.form import Questionnaire, attributes_of
from libs.runtime import sql

_QUERIES = sql.load("libs.questionnaires", "questionnaires.sql")
Scope = tuple[int, int]
"""Tenant and programme."""


class Kept(NamedTuple):
    """A questionnaire as it is kept."""

    name: str
    asked: Questionnaire
    kept_by: str
    kept_at: datetime


async def keep(
    connection: asyncpg.Connection, scope: Scope, name: str, asked: Questionnaire, by: str, now: datetime
) -> Kept:
    """Keep a questionnaire, in place of the one of that name."""
    await connection.execute(_QUERIES["keep"], *scope, name, orjson.dumps(told(asked)).decode(), by, now)
    return Kept(name, asked, by, now)


async def load(connection: asyncpg.Connection, scope: Scope, name: str | None = None) -> list[Kept]:
    """Return all questionnaires of a programme by name, or one."""
    return [
        Kept(row["name"], Questionnaire.model_validate_json(row["document"]), row["kept_by"], row["kept_at"])
        for row in await connection.fetch(_QUERIES["load"], *scope, name)
    ]


async def note_filled(connection: asyncpg.Connection, scope: Scope, name: str, member_id: UUID, now: datetime) -> None:
    """Note that a member filled a questionnaire in; what was answered is not noted."""
    await connection.execute(_QUERIES["note_filled"], *scope, name, member_id, now)


async def load_filled(connection: asyncpg.Connection, scope: Scope, member_id: UUID) -> dict[str, datetime]:
    """Return when a member filled in which questionnaire last."""
    rows = await connection.fetch(_QUERIES["filled"], *scope, member_id)
    return {row["name"]: row["filled_at"] for row in rows}


async def load_figures(connection: asyncpg.Connection, scope: Scope, kept: Kept) -> tuple[int, list[Share]]:
    """Return how many members filled it in, and how many of them have which answer in their profile now."""
    named = [attribute for attribute, _, _ in attributes_of(kept.asked.questions)]
    rows = await connection.fetch(_QUERIES["standing"], *scope, kept.name, named)
    answered: int = await connection.fetchval(_QUERIES["answered"], *scope, kept.name)
    return answered, shares(kept.asked, [(row["attribute"], row["value"], row["times"]) for row in rows])


def told(asked: Questionnaire) -> dict[str, Any]:
    """The document of a questionnaire; what it does not say is left out."""
    return asked.model_dump(mode="json", exclude_defaults=True)
