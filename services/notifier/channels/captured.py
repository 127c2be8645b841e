"""A channel without a provider: what would have been handed over is kept, under seal, for people to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from libs.messages.content import WayName
from libs.runtime import sql
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.seal import Seal
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed

_QUERIES = sql.load("services.notifier", "captured.sql")


class CapturedChannel:
    """Stands in for any channel. A letter that comes twice is kept once."""

    def __init__(self, name: WayName, pool: asyncpg.Pool, seal: Seal, now: Callable[[], datetime]) -> None:
        self.name: WayName = name
        self._pool = pool
        self._seal = seal
        self._now = now

    async def open(self) -> None:
        """There is nothing to open."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Keep letters."""
        rows = [
            (each.tenant_id, each.message_id, self.name, self._now(), self._seal.close(_packed(each), _place(each)))
            for each in letters
        ]
        try:
            await self._pool.executemany(_QUERIES["capture"], rows)
        except DATABASE_ERRORS as error:
            return [Postponed("provider-away", type(error).__name__, provider_wide=True)] * len(letters)
        return [Handed("captured")] * len(letters)

    async def close(self) -> None:
        """There is nothing to close."""


def _place(letter: Letter) -> str:
    return f"captured/{letter.message_id}"


def _packed(letter: Letter) -> bytes:
    content = letter.content
    told: dict[str, Any] = {
        "address": letter.address,
        "sender": letter.sender,
        "language": content.language,
        "title": content.title,
        "text": content.text,
        "html": content.html,
        "link": content.link,
        "unsubscribe": letter.unsubscribe,
    }
    return orjson.dumps(told)
