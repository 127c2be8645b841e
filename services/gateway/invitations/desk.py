"""What is done about invitations: one notice, once for an address, and what the friend answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self
from uuid import UUID

import asyncpg

from libs.contacts.addresses import CheckedAddress, read_address
from libs.contacts.plain_names import plain_name
from libs.contacts.postgres import load_people
from libs.contacts.vault import Vault
from libs.deliveries import own
from libs.deliveries.own import OwnLetter
from libs.judging.versions import RunningProgramme
from libs.runtime import sql
from libs.runtime.keys import event_id
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.invitations.links import InvitationLinks, Invited
from services.gateway.own_letters.writing import CHANNEL, Message, written
from services.gateway.referrals.store import Codes
from services.gateway.store import Member
from services.gateway.templates.desk import TemplateDesk
from services.gateway.tenant_store import tenant_transaction

_SQL = sql.load("services.gateway", "invitations.sql")
MESSAGE: Message = "invitation"
A_DAY = 20
"""So many a member may send within a day."""
_DAY = timedelta(days=1)
TEXT_VERSION = "invitation-1"
"""The version of what the page asks; another wording is another version."""
Answer = Literal["agreed", "refused"]


class Stand(NamedTuple):
    """How the invitations of a member stand."""

    invited: int
    agreed: int
    refused: int


class Asking(NamedTuple):
    """An invitation as its friend sees it: who invited, unless that is forgotten; what was answered, if anything."""

    member_id: UUID | None
    invited_at: datetime
    answer: Answer | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationDesk:
    """The means of asking friends."""

    pool: asyncpg.Pool
    vault: Vault
    links: InvitationLinks
    templates: TemplateDesk
    codes: Codes

    @classmethod
    def of(cls, key: bytes, pool: asyncpg.Pool, templates: TemplateDesk, codes: Codes) -> Self:
        """Make one with the platform's key."""
        links = InvitationLinks.from_seal_key(key)
        return cls(pool, Vault.from_seal_key(key), links, templates, codes)

    async def invite(
        self, caller: Caller, running: RunningProgramme, member: Member, address: str, language: str
    ) -> Stand:
        """Send the one notice to an address, unless it had one, or belongs to a member: nobody is told which.

        It counts for the member all the same, and against what a day allows: no count tells who is a member.

        `inviter` in it is the member's given name, where that is plainly one: a stranger reads it.

        Raises:
            ProblemError: the address is none, or the member has sent enough for a day.
        """
        read = read_address(CHANNEL, address)
        if not isinstance(read, CheckedAddress):
            fault = FieldError(pointer="/body/address", detail=f"expected {read.expected}")
            raise ProblemError("request-invalid", errors=[fault])
        now, digest = caller.parts.clock.now(), self.vault.digest(read)
        scope, name = running.key, (*running.key, member.member_id)
        async with tenant_transaction(self.pool, caller.tenant_id) as connection:
            await connection.execute(_SQL["one_by_one"], *name)
            await _check_day(connection, name, now)
            await connection.execute(_SQL["ask"], *name, digest, now)
            known = await connection.fetchval(_SQL["is_known"], *scope, digest)
            inviter = plain_name((await load_people(connection, [name], self.vault.seal))[name].given_name)
        if not known:
            letter = await self._letter(running, read, digest, inviter, language, caller.parts.site)
            async with tenant_transaction(self.pool, caller.tenant_id) as connection:
                new = await connection.fetchval(_SQL["invite"], *scope, digest, member.member_id, now)
                if new is not None:
                    await own.put(connection, caller.tenant_id, self.vault.seal, letter, digest, "member", now)
        return await self.stand(caller, member)

    async def stand(self, caller: Caller, member: Member) -> Stand:
        """Return how a member's invitations stand."""
        name = (caller.tenant_id, member.programme_id, member.member_id)
        async with tenant_transaction(self.pool, caller.tenant_id, reading=True) as connection:
            return Stand(**await connection.fetchrow(_SQL["of_member"], *name))

    async def asking(self, invited: Invited) -> Asking | None:
        """Return an invitation; None when there is none any more."""
        async with tenant_transaction(self.pool, invited.tenant_id, reading=True) as connection:
            row = await connection.fetchrow(_SQL["load"], *invited)
        return None if row is None else Asking(**row)

    async def answer(self, invited: Invited, said: Answer, now: datetime) -> None:
        """Keep what a friend says."""
        async with tenant_transaction(self.pool, invited.tenant_id) as connection:
            await connection.execute(_SQL["answer"], *invited, said, now, TEXT_VERSION)

    async def _letter(
        self,
        running: RunningProgramme,
        address: CheckedAddress,
        digest: bytes,
        inviter: str | None,
        language: str,
        site: str,
    ) -> OwnLetter:
        """The notice, in the words of the template `invitation`; it tells nothing of the friend."""
        token = self.links.token(Invited(*running.key, digest))
        told = {"inviter": inviter, "link": f"{site}/invited/{token}?lang={language}"}
        letter_id = UUID(event_id(running.tenant, digest.hex(), MESSAGE, running.programme, 0))
        return await written(self.templates, running, MESSAGE, letter_id, address, language, told)


async def _check_day(connection: asyncpg.Connection, member: tuple[int, int, UUID], now: datetime) -> None:
    """See that a member may send one more today.

    Raises:
        ProblemError: they may not.
    """
    if await connection.fetchval(_SQL["lately"], *member, now - _DAY) >= A_DAY:
        raise ProblemError("invitations-spent", headers={"Retry-After": str(int(_DAY.total_seconds()))})
