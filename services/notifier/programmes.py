"""What programmes say of messages: looked up every few seconds, and before something younger than that is judged.

A version is read once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from libs.ledger.zones import load_zone
from libs.messages.content import Purpose
from libs.promotions.document import ProgrammeInvalid, parse_programme
from libs.promotions.messages import Messages, Notice, caps_for
from libs.promotions.programme import Programme as Document
from libs.promotions.scenarios import Scenario
from libs.runtime import logs
from libs.runtime.clock import Clock
from libs.runtime.postgres import DATABASE_ERRORS
from libs.scenarios.news import TOLD, awaited
from libs.scenarios.planning import PREFIX, notice_of, step_of
from services.notifier import store
from services.notifier.domain import Limit
from services.notifier.hours import Quiet

log = logs.get(__name__)
Scope = tuple[int, int]
"""Tenant and programme, as rows name them."""
_Version = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of a programme, as far as messages ask: by slugs and name, its money and points, and what is told.

    `scales` are decimals by wallet, `worth` so many points for so many minor units.
    """

    tenant: str
    programme: str
    name: str
    zone: ZoneInfo
    currency: str
    scales: Mapping[str, int]
    worth: Mapping[str, tuple[int, int]]
    messages: Messages
    scenarios: tuple[Scenario, ...] = ()

    @property
    def brand(self) -> str:
        """Under whose name members are written to."""
        return self.messages.brand or self.name

    @property
    def quiet(self) -> Quiet:
        """When nobody is written to."""
        said = self.messages.quiet
        return Quiet(time.fromisoformat(said.since), time.fromisoformat(said.until))

    def notice(self, message: str, occasion: str = "") -> Notice | None:
        """How a message is told, if it is; a step of a scenario is known by its occasion."""
        if not occasion.startswith(PREFIX):
            return self.messages.notice_of(message)
        found = step_of(self.scenarios, occasion)
        return None if found is None else notice_of(found[1])

    def limits(self, purpose: Purpose) -> tuple[Limit, ...]:
        """The caps of a purpose."""
        return tuple([Limit(cap.most, timedelta(hours=cap.hours)) for cap in caps_for(self.messages.caps, purpose)])


class Programmes:
    """The rules of every programme, as of the last look. Two who need another look at once wait for one."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._read: dict[_Version, Document] = {}
        self._rules: dict[Scope, list[tuple[datetime, Rules]]] = {}
        self._names: dict[tuple[str, str], Scope] = {}
        self._newest: dict[Scope, int] = {}
        self._looking = asyncio.Lock()
        self._looked_at: datetime | None = None
        self._digest: str | None = None
        self._trouble: str | None = "programmes are not read yet"
        self.awaited = TOLD
        """The types of events that give something to tell, or to begin with, by what programmes have."""
        self.longest = timedelta(0)
        """How long after its beginning the last step of any scenario comes."""

    @property
    def trouble(self) -> str | None:
        """What keeps programmes from being known, if anything does."""
        return self._trouble

    def scope_of(self, tenant: str, programme: str) -> Scope | None:
        """Return tenant and programme by their slugs."""
        return self._names.get((tenant, programme))

    def of(self, scope: Scope, at: datetime) -> Rules | None:
        """Return what a programme says at an instant; None before its first version."""
        known = self._rules.get(scope, ())
        return next((rules for since, rules in reversed(known) if since <= at), None)

    def knows(self, tenant: str, programme: str, version: int | None) -> bool:
        """Whether a programme is known, up to the version that something names."""
        scope = self._names.get((tenant, programme))
        return scope is not None and (version is None or version <= self._newest[scope])

    async def see(self, at: datetime) -> None:
        """Know all versions that there were at an instant, past or present: look again, unless that was done since.

        Raises:
            asyncpg.PostgresError: the database is away; what was known stays.
        """
        if self._looked_at is None or at > self._looked_at:
            await self.look_again()

    async def look_again(self) -> None:
        """Look whether there is anything new, which costs little where there is not.

        Raises:
            asyncpg.PostgresError: the database is away; what was known stays.
        """
        async with self._looking:
            now, digest = self._clock.now(), await store.digest_versions(self._pool)
            if digest != self._digest:
                try:
                    await self._look()
                except ProgrammeInvalid as error:
                    log.warning("programmes.not_read", error=type(error).__name__)
            self._looked_at, self._digest = now, digest

    async def refresh(self) -> None:
        """Look for new versions; what is known stays while the database is away, or holds what is no programme."""
        try:
            async with self._looking:
                now, digest = self._clock.now(), await store.digest_versions(self._pool)
                await self._look()
                self._looked_at, self._digest = now, digest
        except (*DATABASE_ERRORS, ProgrammeInvalid) as error:
            self._trouble = None if self._rules else f"programmes are not read: {type(error).__name__}"
            log.warning("programmes.not_read", error=type(error).__name__)
        else:
            self._trouble = None

    async def _look(self) -> None:
        read: dict[_Version, Document] = {}
        rules: dict[Scope, list[tuple[datetime, Rules]]] = {}
        names: dict[tuple[str, str], Scope] = {}
        newest: dict[Scope, int] = {}
        for row in await store.load_versions(self._pool):
            name: _Version = (row["tenant_id"], row["programme_id"], row["version"], row["hash"])
            document = self._read.get(name)
            if document is None:
                text = await store.load_document(self._pool, *name[:3])
                document = await asyncio.to_thread(_parse, text)
            read[name] = document
            names[row["tenant"], row["programme"]] = scope = name[:2]
            newest[scope] = max(newest.get(scope, 0), row["version"])
            own = _rules(row["tenant"], row["programme"], row["name"], document)
            rules.setdefault(scope, []).append((row["active_from"], own))
        self._read, self._rules, self._names, self._newest = read, rules, names, newest
        scenarios = [each for versions in rules.values() for _, known in versions for each in known.scenarios]
        self.awaited = awaited([each.trigger.kind for each in scenarios])
        self.longest = timedelta(hours=max([step.after_hours for each in scenarios for step in each.steps], default=0))


def _parse(text: str) -> Document:
    return parse_programme(orjson.loads(text))


def _rules(tenant: str, programme: str, name: str, document: Document) -> Rules:
    scales = {wallet.name: wallet.scale for wallet in document.wallets}
    worth = {each.name: (each.worth.points, each.worth.minor) for each in document.wallets if each.worth is not None}
    zone = load_zone(document.zone)
    return Rules(tenant, programme, name, zone, document.currency, scales, worth, document.messages, document.scenarios)
