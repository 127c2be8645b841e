"""What the door does with personal data: it reads and writes the vault itself, at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg

from libs.contacts.addresses import AddressedChannel
from libs.contacts.links import Links
from libs.contacts.person import Consent, KeptAddress, Person
from libs.contacts.postgres import (
    Place,
    drop_others,
    load_addresses,
    load_consents,
    load_people,
    mark_address_dead,
    mark_alive,
    record_consents,
    save_told,
)
from libs.contacts.told import Told, ToldPerson
from libs.contacts.vault import MemberName, Vault
from libs.runtime import sql
from libs.runtime.clock import Clock
from services.gateway.contacts.views import QuestionView
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "contacts.sql")
_NOTHING = ToldPerson("", "", "", "", "")


class Known(NamedTuple):
    """A member's person, and every address of theirs."""

    person: Person
    addresses: list[KeptAddress]


@dataclass(frozen=True, slots=True)
class ContactDesk:
    """The gateway's way to personal data, a tenant at a time."""

    pool: asyncpg.Pool
    vault: Vault
    links: Links
    clock: Clock

    async def known(self, name: MemberName) -> Known:
        """Return who a member is."""
        async with self._opened(name, reading=True) as connection:
            return await self._known(connection, name)

    async def tell(self, name: MemberName, told: Told) -> Known | None:
        """Keep what is told of a member; None when the member was erased."""
        async with self._opened(name) as connection:
            if await save_told(connection, self.clock.now(), {name: told}, self.vault):
                return None
            return await self._known(connection, name)

    async def replace(self, name: MemberName, told: Told) -> Known | None:
        """Keep what is told in place of all that was; None when the member was erased."""
        named = told.person or _NOTHING
        person = ToldPerson(*[getattr(named, field) or "" for field in ToldPerson.__slots__])
        kept = [
            Place(name[0], each.address.channel, self.vault.digest(each.address))
            for each in told.addresses
            if not each.gone
        ]
        async with self._opened(name) as connection:
            if await save_told(connection, self.clock.now(), {name: Told(person, told.addresses)}, self.vault):
                return None
            await drop_others(connection, name, kept)
            return await self._known(connection, name)

    async def suppress(
        self, name: MemberName, channel: AddressedChannel, digest: bytes, reason: str | None
    ) -> Known | None:
        """Let an address of a member be written to no more for a reason, or again without one; None: there is none."""
        place, now = Place(name[0], channel, digest), self.clock.now()
        async with self._opened(name) as connection:
            known = await self._known(connection, name)
            if not any((each.channel, each.digest) == (channel, digest) for each in known.addresses):
                return None
            if reason is None:
                await mark_alive(connection, now, name, place)
            else:
                await mark_address_dead(connection, now, name, place, reason)
            return await self._known(connection, name)

    async def consents(self, name: MemberName) -> list[Consent]:
        """Return every word of a member in the order of recording."""
        async with self._opened(name, reading=True) as connection:
            return await load_consents(connection, name)

    async def asked(self, name: MemberName) -> list[QuestionView]:
        """Return what a member was asked to confirm, up to 100, the last first."""
        async with self._opened(name, reading=True) as connection:
            return [QuestionView(**row) for row in await connection.fetch(_SQL["asked"], *name)]

    async def record(self, name: MemberName, consents: Iterable[Consent]) -> list[Consent]:
        """Record words of a member, and return all there are."""
        async with self._opened(name) as connection:
            await record_consents(connection, self.clock.now(), {name: list(consents)})
            return await load_consents(connection, name)

    async def chooser(self, name: MemberName) -> Chooser | None:
        """Return whoever chooses by a link that names a member; None when the programme is no more."""
        async with self._opened(name, reading=True) as connection:
            row = await connection.fetchrow(_SQL["chooser"], *name)
            if row is None:
                return None
            survivor = name if row["leads_to"] is None else (*name[:2], row["leads_to"])
            people = await load_people(connection, [survivor], self.vault.seal)
        return Chooser(row["name"], tuple(dict.fromkeys((name, survivor))), people[survivor])

    async def say(self, names: Iterable[MemberName], consents: list[Consent]) -> None:
        """Record the same words for a member and for whom they were merged into."""
        said = dict.fromkeys(names, consents)
        async with self._opened(next(iter(said))) as connection:
            await record_consents(connection, self.clock.now(), said)

    def _opened(self, name: MemberName, *, reading: bool = False) -> AbstractAsyncContextManager[asyncpg.Connection]:
        return tenant_transaction(self.pool, name[0], reading=reading)

    async def _known(self, connection: asyncpg.Connection, name: MemberName) -> Known:
        people = await load_people(connection, [name], self.vault.seal)
        return Known(people[name], await load_addresses(connection, name, self.vault.seal))


class Chooser(NamedTuple):
    """Whoever chooses: in which programme, who it is, and under which ids: a merged member's own and the survivor's."""

    programme: str
    names: tuple[MemberName, ...]
    person: Person


def desk_of(request: Any) -> ContactDesk:
    """The desk of the running application."""
    desk: ContactDesk = request.app.state.contacts
    return desk
