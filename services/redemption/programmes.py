"""What programmes say of redemptions and who may ask over the topic; a version is compiled once, beside the loop."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import orjson
from msgspec.structs import replace

from libs.contracts.mapping_language import MappingInvalid
from libs.history.needs import needs_of
from libs.judging.versions import ActiveVersion, activate
from libs.promotions.document import ProgrammeInvalid
from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.redemption import commands_store, store
from services.redemption.domain import Rules
from services.redemption.sources import NO_SOURCES, Sources

log = logs.get(__name__)
Scope = tuple[int, int]


class _Version(NamedTuple):
    active: ActiveVersion
    counts: bool


class Programmes:
    """The rules of every programme, as of the last look."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._compiled: dict[tuple[int, int, int, str], _Version] = {}
        self._rules: dict[Scope, list[tuple[datetime, Rules]]] = {}
        self._sharing: frozenset[int] = frozenset()
        self._trouble: str | None = "programmes are not read yet"
        self._sources_read = ""
        self.sources: Sources = NO_SOURCES

    @property
    def trouble(self) -> str | None:
        """What keeps programmes from being known, if anything does."""
        return self._trouble

    @property
    def known(self) -> bool:
        """Whether programmes have been read at all."""
        return bool(self._rules)

    def of(self, scope: Scope, at: datetime) -> Rules | None:
        """Return what a programme says at an instant; None before its first version."""
        known = self._rules.get(scope, ())
        return next((rules for since, rules in reversed(known) if since <= at), None)

    def scope_of(self, tenant: str, programme: str) -> Scope | None:
        """Return the programme of these names."""
        for scope, known in self._rules.items():
            if known and (known[-1][1].tenant, known[-1][1].programme) == (tenant, programme):
                return scope
        return None

    def shares(self, tenant_id: int) -> bool:
        """Whether members of the tenant share points in households, by any version that there is or was."""
        return tenant_id in self._sharing

    async def refresh(self) -> None:
        """Look for new versions; what is known stays while the database is away, or holds what is no programme."""
        try:
            await self._read()
        except (*DATABASE_ERRORS, ProgrammeInvalid, MappingInvalid) as error:
            self._trouble = None if self._rules else f"programmes are not read: {type(error).__name__}"
            log.warning("programmes.not_read", error=type(error).__name__)
        else:
            self._trouble = None

    async def _read(self) -> None:
        rows, blocked = await store.load_versions(self._pool), await store.load_blocked(self._pool)
        compiled: dict[tuple[int, int, int, str], _Version] = {}
        for row in rows:
            name = (row["tenant_id"], row["programme_id"], row["version"], row["hash"])
            known = self._compiled.get(name)
            if known is None:
                document = await store.load_document(self._pool, *name[:3])
                known = await asyncio.to_thread(_compile, row["active_from"], document)
            compiled[name] = known
        counting = {name[:2] for name, version in compiled.items() if version.counts}
        rules: dict[Scope, list[tuple[datetime, Rules]]] = {}
        for row, (name, version) in zip(rows, compiled.items(), strict=True):
            own = _rules(row["tenant"], row["programme"], version.active, counts=name[:2] in counting)
            own = replace(own, blocked=blocked.get(name[:2], frozenset()))
            rules.setdefault(name[:2], []).append((row["active_from"], own))
        self._compiled, self._rules = compiled, rules
        self._sharing = frozenset(
            scope[0] for scope, known in rules.items() if any(each.household is not None for _, each in known)
        )
        if (found := await commands_store.load_sources(self._pool, self._sources_read)) is not None:
            self._sources_read, self.sources = found


def _compile(active_from: datetime, document: str) -> _Version:
    active = activate(active_from, orjson.loads(document))
    return _Version(active, needs_of(active.compiled.source) is not None)


def _rules(tenant: str, programme: str, version: ActiveVersion, *, counts: bool) -> Rules:
    scales = {wallet.name: wallet.scale for wallet in version.compiled.source.wallets}
    source = version.compiled.source
    rest = timedelta(hours=source.transfers.rest_hours if source.transfers else 0)
    return Rules(
        tenant,
        programme,
        version.zone,
        scales,
        version.calendars,
        counts,
        source.currency,
        source.payment,
        rest,
        source.trades,
        source.version,
        source.choices,
        household=source.household,
        terms=version.terms,
    )
