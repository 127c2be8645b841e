"""Talks in PostgreSQL. What is said is sealed under the member's own key, and gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.contacts.postgres import hold
from libs.contacts.vault import MemberName, MemberSeal, Vault, open_key
from libs.runtime import sql
from libs.runtime.seal import Seal
from services.gateway.chat.talk import Staff, Talk, joined

_QUERIES = sql.load("services.gateway", "chats.sql")
_TOP = 2**63 - 1
_COLUMNS = ("state", "state_at", "state_by", "unread", "unread_since", "last_at", "member_read", "seen_at", "change")


class Erased(Exception):
    """Nothing more is kept of this member."""


class Message(NamedTuple):
    """What was said in a talk: by whom of the staff, or by the member where that is None."""

    number: int
    message_id: UUID
    said_by: str | None
    text: str
    said_at: datetime


class Span(NamedTuple):
    """Which messages: the first of those above `after`, or the last below `before`, `most` at once."""

    after: int | None = None
    before: int | None = None
    most: int = 100


class Listed(NamedTuple):
    """A talk in the list of a company: `member_id` is whose it was begun with, `shown_id` whose it is now."""

    programme_id: int
    programme: str
    zone: str
    member_id: UUID
    shown_id: UUID
    talk: Talk


class Place(NamedTuple):
    """Where a list of talks goes on: whether its last one waited, since when, or was silent since, and whose it was."""

    waited: bool
    at: datetime
    member_id: UUID


class Which(NamedTuple):
    """Which talks of a company: in which programme (None: all), in which state, those that wait, those of one key."""

    programme: str | None = None
    state: str = "open"
    unread: bool = False
    assigned_key: str | None = None


class Counts(NamedTuple):
    """How many talks of a company are open, of these wait for an answer, and are one person's."""

    open: int
    unread: int
    mine: int


class Held:
    """A member's talk in hand, in the order of writing: until the end of the transaction nobody else changes it."""

    def __init__(self, connection: asyncpg.Connection, name: MemberName, seal: MemberSeal) -> None:
        self._connection, self._name, self._seal = connection, name, seal
        self.talk: Talk | None = None
        self._others: list[UUID] = []

    async def load(self) -> None:
        """Load how it stands."""
        family = await load_family(self._connection, self._name)
        heads = await _heads(self._connection, self._name, family)
        self.talk = joined(heads.pop(self._name[2], None), heads.values())
        self._others = [member_id for member_id, each in heads.items() if each.state == "open"]

    async def save(self, talk: Talk) -> None:
        """Keep how it stands now; talks of who was merged into the member are over, for it goes on here."""
        self.talk = talk
        await _save(self._connection, self._name, talk)
        for member_id, head in (await _heads(self._connection, self._name, self._others)).items():
            await _save(self._connection, (*self._name[:2], member_id), head.closed(None, talk.last_at))

    async def known(self, message_id: UUID) -> Message | None:
        """The message of an id, which somebody may send again."""
        row = await self._connection.fetchrow(_QUERIES["message"], *self._name, message_id)
        return None if row is None else _message(row, self._seal)

    async def say(self, message_id: UUID, said_by: str | None, text: str, now: datetime) -> Message:
        """Keep what is said."""
        sealed = self._seal.close(text, _place(message_id))
        number = await self._connection.fetchval(_QUERIES["say"], *self._name, message_id, said_by, sealed, now)
        return Message(number, message_id, said_by, text, now)


async def held(connection: asyncpg.Connection, name: MemberName, now: datetime, vault: Vault) -> Held:
    """Take a member's talk in hand.

    Raises:
        Erased: the member was.
    """
    seal = (await hold(connection, now, [name], vault)).get(name)
    if seal is None:
        raise Erased
    found = Held(connection, name, seal)
    await found.load()
    return found


async def load_family(connection: asyncpg.Connection, name: MemberName) -> list[UUID]:
    """Return whose messages a member sees: the member's, and of those who were merged into them."""
    return [name[2], *[row["member_id"] for row in await connection.fetch(_QUERIES["family"], *name)]]


async def load_talk(connection: asyncpg.Connection, name: MemberName, family: Sequence[UUID]) -> Talk | None:
    """Return how a member's talk stands; None where nothing was ever said."""
    heads = await _heads(connection, name, family)
    return joined(heads.pop(name[2], None), heads.values())


async def load_messages(
    connection: asyncpg.Connection, name: MemberName, family: Sequence[UUID], span: Span, seal: Seal
) -> list[Message]:
    """Return messages of a talk in their order."""
    scope = (*name[:2], family)
    if span.after is not None:
        rows = await connection.fetch(_QUERIES["messages_after"], *scope, span.after, span.most)
    else:
        rows = await connection.fetch(_QUERIES["messages_before"], *scope, span.before or _TOP, span.most)
        rows.reverse()
    return [_message(row, open_key((*name[:2], row["member_id"]), row["sealed_key"], seal)) for row in rows]


async def count_answers(connection: asyncpg.Connection, name: MemberName, family: Sequence[UUID], read: int) -> int:
    """Return how many answers a member has not seen."""
    return int(await connection.fetchval(_QUERIES["answers_unread"], *name[:2], family, read))


async def load_list(
    connection: asyncpg.Connection, tenant_id: int, which: Which, after: Place | None, most: int
) -> list[Listed]:
    """Return talks of a company: who waits longest first, then what was said last."""
    place = (None, None, None) if after is None else (0 if after.waited else 1, after.at, after.member_id)
    rows = await connection.fetch(_QUERIES["chats"], tenant_id, *which, *place, most)
    columns = ("programme_id", "programme", "zone", "member_id", "shown_id")
    return [Listed(**{column: row[column] for column in columns}, talk=_talk(row)) for row in rows]


async def load_counts(connection: asyncpg.Connection, tenant_id: int, key_id: str) -> Counts:
    """Return how many talks of a company are open."""
    return Counts(*await connection.fetchrow(_QUERIES["counts"], tenant_id, key_id))


async def load_changes(
    connection: asyncpg.Connection, tenant_id: int, names: Iterable[tuple[int, UUID]]
) -> dict[tuple[int, UUID], int]:
    """Return how far some talks of a company have got."""
    columns = list(zip(*names, strict=True))
    rows = await connection.fetch(_QUERIES["changes"], tenant_id, *map(list, columns))
    return {(row["programme_id"], row["member_id"]): row["change"] for row in rows}


async def load_desk(connection: asyncpg.Connection, scope: tuple[int, int]) -> tuple[str, str, datetime] | None:
    """Return what a programme says of its chat, in JSON, who kept it, and when."""
    row = await connection.fetchrow(_QUERIES["desk"], *scope)
    return None if row is None else (row["document"], row["kept_by"], row["kept_at"])


async def keep_desk(
    connection: asyncpg.Connection, scope: tuple[int, int], document: str, by: str, now: datetime
) -> None:
    """Keep what a programme says of its chat, in place of what it said."""
    await connection.execute(_QUERIES["keep_desk"], *scope, document, by, now)


async def close_silent(connection: asyncpg.Connection, tenant_id: int, before: datetime, now: datetime) -> None:
    """Close the talks of a company that were answered, and have been silent since."""
    await connection.execute(_QUERIES["close_silent"], tenant_id, before, now)


async def forget_closed(connection: asyncpg.Connection, tenant_id: int, before: datetime, most: int) -> int:
    """Forget talks of a company that were closed before an instant, `most` at once; return how many."""
    return int(await connection.fetchval(_QUERIES["forget_closed"], tenant_id, before, most))


async def load_away(
    connection: asyncpg.Connection, tenant_id: int, since: datetime, unseen_since: datetime, most: int
) -> dict[MemberName, int]:
    """Return members of a company with answers that they have not seen since an instant, by the number of the last.

    Who was told that answers wait, and has not looked since, is left out, and so are talks without a word `since`.
    """
    rows = await connection.fetch(_QUERIES["away"], tenant_id, since, unseen_since, most)
    return {(tenant_id, row["programme_id"], row["member_id"]): row["number"] for row in rows}


async def note_told(connection: asyncpg.Connection, name: MemberName, number: int) -> None:
    """Note that a member was told of answers up to one."""
    await connection.execute(_QUERIES["note_told"], *name, number)


async def _heads(connection: asyncpg.Connection, name: MemberName, members: Sequence[UUID]) -> dict[UUID, Talk]:
    rows = await connection.fetch(_QUERIES["heads"], *name[:2], members) if members else []
    return {row["member_id"]: _talk(row) for row in rows}


async def _save(connection: asyncpg.Connection, name: MemberName, talk: Talk) -> None:
    key, label = (None, None) if talk.assigned is None else talk.assigned
    await connection.execute(
        _QUERIES["save"], *name, talk.state, talk.state_at, talk.state_by, key, label, talk.unread, talk.unread_since,
        talk.last_at, talk.member_read, talk.seen_at, talk.change,
    )  # fmt: skip


def _talk(row: Mapping[str, Any]) -> Talk:
    assigned = None if row["assigned_key"] is None else Staff(row["assigned_key"], row["assigned_to"])
    return Talk(assigned=assigned, **{column: row[column] for column in _COLUMNS})


def _message(row: Mapping[str, Any], seal: MemberSeal) -> Message:
    text = seal.open(row["sealed"], _place(row["message_id"]))
    return Message(row["number"], row["message_id"], row["said_by"], text, row["said_at"])


def _place(message_id: UUID) -> str:
    return f"chat/{message_id}"
