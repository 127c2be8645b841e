"""Messages that wait for a member: in the inbox of the app, or at the till until the next purchase. Kept under seal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.messages.content import ChannelName
from libs.messages.inbox import Place, packed, place_context
from libs.runtime import sql
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.seal import Seal
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused

_SQL = sql.load("services.notifier", "channels.sql")
MOST_AT_TILL = 160
"""Characters that a till shows or prints."""
_KEPT = timedelta(days=365)
_SHOWN_EXPIRED = timedelta(days=30)


class InboxChannel:
    """Keeps letters; an address is programme and member: `1/0190…`. A letter that comes twice is kept once."""

    def __init__(self, place: Place, pool: asyncpg.Pool, seal: Seal, now: Callable[[], datetime]) -> None:
        self.name: ChannelName = place
        self._place, self._pool, self._seal, self._now = place, pool, seal, now

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Keep letters."""
        return [await self._keep(letter) for letter in letters]

    async def _keep(self, letter: Letter) -> Outcome:
        whose = _read(letter.address)
        if whose is None:
            return Refused("address-unknown", "no member", address_dead=True)
        if self._place == "till" and len(letter.content.text) > MOST_AT_TILL:
            return Refused("content-refused", f"{len(letter.content.text)} characters")
        now = self._now()
        life = _KEPT if letter.life is None else letter.life
        if life <= timedelta(0):
            return Refused("content-refused", "of no use any more")
        words = self._seal.close(packed(letter.content), place_context(letter.tenant_id, letter.message_id))
        row = (letter.tenant_id, *whose, letter.message_id, self._place, words, now, now + life)
        try:
            await self._pool.execute(_SQL["put"], *row)
        except DATABASE_ERRORS as error:
            return Postponed("provider-away", type(error).__name__, provider_wide=True)
        return Handed(str(letter.message_id))


async def clear_expired(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget some of what expired a month ago.

    Raises:
        Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
    """
    await pool.execute(_SQL["clear"], now - _SHOWN_EXPIRED)


def _read(address: str) -> tuple[int, UUID] | None:
    programme, _, member = address.partition("/")
    try:
        return int(programme), UUID(member)
    except ValueError:
        return None
