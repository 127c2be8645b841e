"""Guessing is slowed down: tries that hit nothing are counted for all processes, and too many are not answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.redemption.codes import store
from services.redemption.domain import Refusal
from services.redemption.values import NotDone, Tools

_MEMBER = "member:"


async def may_try(tools: Tools, tenant_id: int, credential: str, member_id: UUID | None, now: datetime) -> None:
    """Let a try pass, unless its credential or member has missed too often of late.

    Raises:
        NotDone: it has; nothing is said of what was tried.
    """
    settings = tools.settings
    async with tools.pool.acquire() as connection:
        found = await store.misses(connection, tenant_id, _who(credential, member_id), now - settings.code_window)
    for who, misses in found.items():
        most = settings.code_misses_member if who.startswith(_MEMBER) else settings.code_misses_key
        if misses.tries >= most:
            tools.missed("limited")
            wait = max(int((misses.since + settings.code_window - now).total_seconds()) + 1, 1)
            detail = f"{misses.tries} codes that do not exist were tried; try again in {wait} s."
            raise NotDone(Refusal("codes-guessed", detail), retry_after=wait)


async def miss(
    tools: Tools, tenant_id: int, credential: str, member_id: UUID | None, now: datetime, reason: str
) -> None:
    """Count a try that hit nothing; `reason` is one of a few words."""
    tools.missed(reason)
    async with tools.pool.acquire() as connection:
        await store.count_miss(connection, tenant_id, _who(credential, member_id), now, tools.settings.code_window)


def _who(credential: str, member_id: UUID | None) -> list[str]:
    who = [f"key:{credential}"]
    return who if member_id is None else [*who, f"{_MEMBER}{member_id}"]
