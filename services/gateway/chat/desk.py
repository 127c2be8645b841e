"""What is done with talks, for members and for the staff alike: said, turned, looked at, waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.contacts.vault import MemberName, Vault
from libs.runtime.clock import Clock, monotonic
from services.gateway.chat import store
from services.gateway.chat.bells import Bells
from services.gateway.chat.notices import ChatNotices
from services.gateway.chat.purge import ChatPurge
from services.gateway.chat.store import Message, Span
from services.gateway.chat.talk import MOST_UNREAD, Staff, Talk, begun
from services.gateway.chat.terms import Terms
from services.gateway.door.problems import ProblemError
from services.gateway.door.quotas import POLICY, Quotas
from services.gateway.settings import ChatPart
from services.gateway.store import Member
from services.gateway.tenant_store import tenant_transaction


class Seen(NamedTuple):
    """A talk as somebody looks at it; `talk` is None where nothing was ever said, `unread` counts for the member."""

    terms: Terms
    talk: Talk | None
    messages: list[Message]
    unread: int

    @property
    def change(self) -> int:
        """How far the talk has got."""
        return 0 if self.talk is None else self.talk.change


class Said(NamedTuple):
    """What somebody says: under an id that makes it one message, and by whom of the staff, if it is no member's."""

    message_id: UUID
    text: str
    by: Staff | None = None


@dataclass(frozen=True, slots=True)
class ChatDesk:
    """The gateway's way to talks."""

    pool: asyncpg.Pool
    vault: Vault
    bells: Bells
    writing: Quotas
    purge: ChatPurge
    notices: ChatNotices
    clock: Clock

    @classmethod
    def of(cls, pool: asyncpg.Pool, vault: Vault, wanted: ChatPart, notices: ChatNotices) -> ChatDesk:
        """Make the desk of a gateway."""
        purge = ChatPurge(pool, wanted, notices.clock)
        return cls(pool, vault, Bells(pool), Quotas(wanted.messages, 60.0), purge, notices, notices.clock)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[ChatDesk]:
        """End what is old, and tell who is away, while the block runs."""
        tasks = [asyncio.create_task(each) for each in (self.purge.run(), self.notices.run())]
        try:
            async with self.bells.running():
                yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def terms(self, scope: tuple[int, int]) -> Terms:
        """Return what a programme says of its chat."""
        async with tenant_transaction(self.pool, scope[0], reading=True) as connection:
            return await terms_of(connection, scope)

    async def keep(self, scope: tuple[int, int], terms: Terms, by: str) -> None:
        """Keep what a programme says of its chat."""
        async with tenant_transaction(self.pool, scope[0]) as connection:
            await store.keep_desk(connection, scope, terms.model_dump_json(), by, self.clock.now())

    async def change(self, scope: tuple[int, int], by: str, changed: Callable[[Terms], Terms]) -> Terms:
        """Change what a programme says of its chat."""
        async with tenant_transaction(self.pool, scope[0]) as connection:
            terms = changed(await terms_of(connection, scope))
            await store.keep_desk(connection, scope, terms.model_dump_json(), by, self.clock.now())
        return terms

    async def look(self, name: MemberName, span: Span, seconds: float = 0) -> Seen:
        """Return how a talk stands, with some of its messages; where there are none, wait for some a while."""
        seen = await self._look(name, span)
        if not seen.messages and span.after is not None and await self.bells.wait(name, seen.change, seconds):
            seen = await self._look(name, span)
        return seen

    async def follow(self, name: MemberName, known: int, seconds: float) -> Seen | None:
        """Return how a talk stands once it has got further than is known; None when it has not for a while."""
        seen = await self._look(name, Span())
        if seen.change == known:
            if not await self.bells.wait(name, known, seconds):
                return None
            seen = await self._look(name, Span())
        return seen if seen.change != known else None

    async def _look(self, name: MemberName, span: Span) -> Seen:
        async with tenant_transaction(self.pool, name[0], reading=True) as connection:
            terms = await terms_of(connection, name[:2])
            family = await store.load_family(connection, name)
            talk = await store.load_talk(connection, name, family)
            if talk is None:
                return Seen(terms, None, [], 0)
            messages = await store.load_messages(connection, name, family, span, self.vault.seal)
            return Seen(terms, talk, messages, await store.count_answers(connection, name, family, talk.member_read))

    async def say(self, name: MemberName, said: Said) -> Message:
        """Keep what somebody says; said again it is the same message.

        Raises:
            ProblemError: it can't be said now, or not so fast.
        """
        now = self.clock.now()
        try:
            async with tenant_transaction(self.pool, name[0]) as connection:
                if said.by is None and not (await terms_of(connection, name[:2])).open:
                    raise ProblemError("chat-away")
                found = await store.held(connection, name, now, self.vault)
                if (known := await found.known(said.message_id)) is not None:
                    return _same(known, said)
                talk = found.talk or begun(now)
                if said.by is None:
                    self._may_write(name, talk)
                await found.save(talk.said_by_member(now) if said.by is None else talk.answered(said.by, now))
                label = None if said.by is None else said.by.label
                message = await found.say(said.message_id, label, said.text, now)
        except store.Erased:
            raise ProblemError("member-erased") from None
        self.bells.ring(name)
        return message

    async def turn(self, name: MemberName, turned: Callable[[Talk, datetime], Talk]) -> Talk:
        """Turn a talk.

        Raises:
            ProblemError: there is none.
        """
        now = self.clock.now()
        try:
            async with tenant_transaction(self.pool, name[0]) as connection:
                found = await store.held(connection, name, now, self.vault)
                if found.talk is None:
                    raise ProblemError("chat-unknown")
                talk = turned(found.talk, now)
                if talk != found.talk:
                    await found.save(talk)
        except store.Erased:
            raise ProblemError("member-erased") from None
        self.bells.ring(name)
        return talk

    def _may_write(self, name: MemberName, talk: Talk) -> None:
        if talk.unread >= MOST_UNREAD:
            raise ProblemError("chat-waits")
        verdict = self.writing.take(str(name), monotonic())
        if not verdict.allowed:
            told = f"Try again in {verdict.retry_after} s."
            raise ProblemError("quota-exceeded", told, headers=self.writing.headers(verdict), violated=(POLICY,))


async def terms_of(connection: asyncpg.Connection, scope: tuple[int, int]) -> Terms:
    """Return what a programme says of its chat; it is closed where nobody said anything."""
    kept = await store.load_desk(connection, scope)
    return Terms() if kept is None else Terms.model_validate_json(kept[0])


def name_of(tenant_id: int, member: Member) -> MemberName:
    """Under which name a member's talk is: who was merged into another talks as that one."""
    return tenant_id, member.programme_id, member.merged_into or member.member_id


def desk_of(request: Request) -> ChatDesk:
    """The desk of the running application."""
    desk: ChatDesk = request.app.state.chats
    return desk


def _same(known: Message, said: Said) -> Message:
    label = None if said.by is None else said.by.label
    if (known.text, known.said_by) != (said.text, label):
        raise ProblemError("message-taken")
    return known
