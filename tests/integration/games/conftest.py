"""What tests of games share: redemption's desk on a database, and members with points."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from cli.verify import examine
from libs.contracts.codes import ValueAnswer
from libs.contracts.games import GameAsk
from libs.runtime.seal import Seal
from services.redemption.games.desk import GameDesk
from tests.integration.codes.desks import NOW, SCOPE, SEAL, Desks, body, opened
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, Database

OPENS, CLOSES = NOW - timedelta(hours=1), NOW + timedelta(days=1)
TIMES = {"opens_at": OPENS.isoformat(), "closes_at": CLOSES.isoformat(), "texts": {"en": {"title": "A game"}}}
EARNED = datetime(2024, 1, 1, tzinfo=UTC)
HEAD = """
UPDATE ledger.member m SET lapses_at = (SELECT min(expires_at) FROM ledger.lot_now l WHERE l.member_id = m.member_id)
WHERE m.member_id = $1
"""


@dataclass
class Table:
    """Where games are played: the desk, a clock to set, members with points."""

    desks: Desks
    desk: GameDesk
    scribe: Scribe

    async def member(self, points: int = 0) -> UUID:
        """Somebody with so many points."""
        made = await self.scribe.member(ACME)
        if points:
            await made.credit(points, EARNED)
            await self.desks.operator.execute(HEAD, made.member_id)
        return made.member_id

    async def ask(self, operation: Any, name: str, key: str = "", **told: Any) -> ValueAnswer:
        """Ask about a game; the same key is the same request."""
        digest = sha256((key or f"{operation}{name}").encode()).digest()
        named: dict[str, Any] = {"key": digest, "fingerprint": b"\1" * 32}
        return await self.desk.serve(GameAsk(operation, SCOPE[0], "app", SCOPE[1], name, **named, **told))

    async def done(self, operation: Any, name: str, key: str = "", **told: Any) -> dict[str, Any]:
        """The same, and what was answered."""
        return body(await self.ask(operation, name, key, **told))

    async def open(self, name: str, **document: Any) -> dict[str, Any]:
        """Make a game and open it."""
        await self.done("put", name, document={**TIMES, **document})
        return await self.done("open", name)

    async def free(self, member_id: UUID) -> int:
        """How many points somebody can spend."""
        found: int = await self.desks.operator.fetchval(
            "SELECT sum(remaining - held)::int FROM ledger.lot_now WHERE member_id = $1", member_id
        )
        return found

    async def sound(self) -> None:
        """Nothing of what must hold is broken, but for what the scribe leaves out, which tells no events."""
        broken = {each.name for each in await examine(self.desks.operator) if each.violations}
        assert broken <= {"effects-have-events", "one-credit-per-event", "accepted-once", "history-is-fold"}, broken


@pytest.fixture
async def table(database: Database) -> AsyncIterator[Table]:
    """A table of its own."""
    async with opened(database) as desks:
        yield Table(desks, GameDesk(desks.tools, Seal.from_base64(SEAL)), Scribe(desks.operator))
