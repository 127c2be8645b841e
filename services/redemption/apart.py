"""Requests that are served alone: of one member, or about one redemption, they wait in a line of their own.

Who is locked by others keeps nobody waiting but those who ask for the same, and no more than one connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from libs.contracts.redemption import Answer, Ask

Whose = tuple[int, UUID]
"""What a request is about: its tenant, and the member or the redemption that it names."""
_PATIENCE = 10.0
"""Seconds that a request waits for those before it."""


@dataclass(eq=False, slots=True)
class _Line:
    """Those who ask for the same: who is served now, and how many there are."""

    mine: asyncio.Lock = field(default_factory=asyncio.Lock)
    asking: int = 0


class Apart:
    """Serves requests each for itself, at most so many at once."""

    def __init__(self, serve: Callable[[Ask], Awaitable[Answer]], most: int) -> None:
        self._serve = serve
        self._room = asyncio.Semaphore(most)
        self._lines: dict[Whose, _Line] = {}

    def awaits(self, ask: Ask) -> bool:
        """Whether somebody is being served who asks for the same."""
        return _whose(ask) in self._lines

    async def serve(self, ask: Ask) -> Answer:
        """Serve one request, after those that ask for the same.

        Raises:
            TimeoutError: these took too long.
            Whatever else serving it raises.
        """
        whose = _whose(ask)
        line = self._lines.setdefault(whose, _Line())
        line.asking += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                await line.mine.acquire()
            try:
                async with self._room:
                    return await self._serve(ask)
            finally:
                line.mine.release()
        finally:
            line.asking -= 1
            if not line.asking:
                del self._lines[whose]


def _whose(ask: Ask) -> Whose:
    named = ask.redemption_id or ask.member_id
    assert named is not None
    return ask.tenant_id, named
