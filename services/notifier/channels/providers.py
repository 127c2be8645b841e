"""The providers of each company: settings are read again when they have changed, and a message goes by its company's.

A company without a provider for a channel is served by another channel, which keeps its messages for people to look at.
Settings that can't be read stop what goes by them, loudly, until somebody sets them right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import asyncpg
import orjson
from pydantic import ValidationError

from libs.messages.content import WayName
from libs.messages.provider_settings import read_settings
from libs.messages.providers import provider_context
from libs.runtime import logs, sql
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.seal import Seal, SealBroken
from services.notifier.channels.channel import Channel, Letter, Outcome, Postponed
from services.notifier.channels.table import Means, make_channel

log = logs.get(__name__)
_SQL = sql.load("services.notifier", "channels.sql")
FRESH = 2.0
"""Seconds for which what was read counts: so long after a change the old credentials may still be used."""
_LINGER = 60.0


@dataclass(frozen=True, slots=True)
class _Set:
    """What a company has set for a channel, and the channel made of it; None where it can't be read."""

    version: tuple[str, int]
    channel: Channel | None


class Providers:
    """Everything that companies have set. Channels that nobody uses any more are closed."""

    def __init__(
        self, pool: asyncpg.Pool, seal: Seal, means: Means, seconds: Callable[[], float], broken: Callable[[], None]
    ) -> None:
        self._pool, self._seal, self._means, self._seconds, self._broken = pool, seal, means, seconds, broken
        self._sets: dict[tuple[int, str], _Set] = {}
        self._read_at: float | None = None
        self._retired: list[tuple[float, Channel]] = []
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the settings again, unless that was done just now; what PostgreSQL does not tell stays as it was."""
        async with self._lock:
            if self._read_at is not None and self._seconds() - self._read_at < FRESH:
                return
            try:
                rows = await self._pool.fetch(_SQL["providers"])
            except DATABASE_ERRORS as error:
                log.warning("providers.not_read", error=type(error).__name__)
                return
            self._read_at = self._seconds()
            before, self._sets = self._sets, {}
            for row in rows:
                key, version = (row["tenant_id"], row["channel"]), (row["kind"], row["version"])
                known = before.pop(key, None)
                if known is None or known.version != version:
                    made = self._made(row["tenant_id"], row["channel"], row["settings"])
                    if known is not None:
                        before[key] = known
                    known = _Set(version, made)
                self._sets[key] = known
            self._retired += [(self._read_at, each.channel) for each in before.values() if each.channel is not None]
            await self._close_retired(self._read_at - _LINGER)

    def find(self, tenant_id: int, channel: WayName) -> tuple[bool, Channel | None]:
        """Return whether a company has set a provider for a channel, and its channel if that can be used."""
        found = self._sets.get((tenant_id, channel))
        return found is not None, None if found is None else found.channel

    async def close(self) -> None:
        """Give all connections back."""
        self._retired += [(0.0, each.channel) for each in self._sets.values() if each.channel is not None]
        self._sets, self._read_at = {}, None
        await self._close_retired(float("inf"))

    async def _close_retired(self, until: float) -> None:
        """Close channels that were replaced long enough ago for what they had in hand to be over."""
        ended = [channel for since, channel in self._retired if since <= until]
        self._retired = [each for each in self._retired if each[0] > until]
        for channel in ended:
            await channel.close()

    def _made(self, tenant_id: int, channel: WayName, sealed: bytes) -> Channel | None:
        try:
            document = orjson.loads(self._seal.open(sealed, provider_context(tenant_id, channel)))
            return make_channel(channel, read_settings(channel, document), self._means)
        except (SealBroken, ValidationError, ValueError) as error:
            log.error("provider.unusable", tenant=tenant_id, channel=channel, error=type(error).__name__)
            self._broken()
            return None


class CompanyChannel:
    """A channel of all companies: each letter goes by its company's provider, or `otherwise`."""

    def __init__(self, name: WayName, providers: Providers, otherwise: Channel) -> None:
        self.name: WayName = name
        self._providers, self._otherwise = providers, otherwise

    async def open(self) -> None:
        """Be ready."""
        await self._providers.refresh()
        await self._otherwise.open()

    async def close(self) -> None:
        """Give connections back."""
        await self._otherwise.close()
        await self._providers.close()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over, company by company side by side; outcomes come in the order of the letters."""
        await self._providers.refresh()
        places: dict[int, list[int]] = {}
        for place, letter in enumerate(letters):
            places.setdefault(letter.tenant_id, []).append(place)
        sent = await asyncio.gather(
            *(self._send(tenant_id, [letters[place] for place in mine]) for tenant_id, mine in places.items())
        )
        outcomes: dict[int, Outcome] = {}
        for mine, theirs in zip(places.values(), sent, strict=True):
            outcomes.update(zip(mine, theirs, strict=True))
        return [outcomes[place] for place in range(len(letters))]

    async def _send(self, tenant_id: int, letters: Sequence[Letter]) -> list[Outcome]:
        is_set, channel = self._providers.find(tenant_id, self.name)
        if not is_set:
            return await self._otherwise.send(letters)
        if channel is None:
            return [Postponed("credentials-refused", "its settings can't be read")] * len(letters)
        return [_of_one_company(each) for each in await channel.send(letters)]


def _of_one_company(outcome: Outcome) -> Outcome:
    """What is wrong with the credentials of one company is no trouble of the others."""
    if isinstance(outcome, Postponed) and outcome.reason == "credentials-refused":
        return replace(outcome, provider_wide=False)
    return outcome
