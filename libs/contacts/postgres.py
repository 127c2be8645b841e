"""Personal data in PostgreSQL: kept, opened for whoever writes to members, and made unreadable.

Every call is one set of members. Whoever changes something holds the members' keys first, in a transaction of the
caller's. Only stores import this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from libs.contacts.consent import refused_too
from libs.contacts.person import Address, Consent, KeptAddress, Person
from libs.contacts.told import Told, ToldPerson
from libs.contacts.vault import MemberName, MemberSeal, Vault, open_key
from libs.messages.content import ChannelName
from libs.runtime import sql
from libs.runtime.seal import Seal, SealBroken

_QUERIES = sql.load("libs.contacts", "contacts.sql")


class Place(NamedTuple):
    """An address of somebody, as whoever wrote there knows it: by the digest that `load_people` gave with it."""

    tenant_id: int
    channel: ChannelName
    digest: bytes


_FORGETTING = (
    "forget_words", "forget_captured", "forget_places", "forget_heard", "forget_shares", "forget_friends",
    "forget_invited", "forget_inviting", "forget_asked", "forget_contacts", "forget_people",
    "forget_talk", "forget_chats",
)  # fmt: skip


async def load_people(
    connection: asyncpg.Connection, members: Sequence[MemberName], keys: Seal, *, in_any_case: bool = False
) -> dict[MemberName, Person]:
    """Return who the members are, by `keys`, the platform's seal: their present consents, dead addresses too.

    Of whom nothing is known, or the key was destroyed, there is a person without names and addresses. So there is with
    `in_any_case` of whose data can't be read: who is not `readable` then.

    Raises:
        libs.runtime.seal.SealBroken: what is stored was sealed by another platform key, or has been changed.
    """
    people = dict.fromkeys(members, Person())
    if people:
        for row in await connection.fetch(_QUERIES["people"], *_columns(list(people), 3)):
            name = (row["tenant_id"], row["programme_id"], row["member_id"])
            try:
                people[name] = _person(name, row, keys)
            except SealBroken:
                if not in_any_case:
                    raise
                people[name] = replace(_person(name, {**row, "sealed_key": None}, keys), readable=False)
    return people


async def load_addresses(connection: asyncpg.Connection, name: MemberName, keys: Seal) -> list[KeptAddress]:
    """Return a member's addresses as they are kept; none where the key was destroyed.

    Raises:
        libs.runtime.seal.SealBroken: as `load_people`.
    """
    rows = await connection.fetch(_QUERIES["addresses"], *name)
    seal = open_key(name, rows[0]["sealed_key"], keys) if rows else None
    return [
        KeptAddress(
            row["channel"],
            seal.open(row["address"], row["channel"]),
            *[row[column] for column in ("digest", "alive", "reason", "changed_at", "reached_at")],
        )
        for row in rows
        if seal is not None
    ]


async def save_told(
    connection: asyncpg.Connection, now: datetime, told: Mapping[MemberName, Told], vault: Vault
) -> list[MemberName]:
    """Keep what is told of members, and return those whose key was destroyed: of them only consents are kept."""
    named = [name for name, each in told.items() if each.person is not None or each.addresses]
    seals: dict[MemberName, MemberSeal] = {}
    if named:
        seals = await hold(connection, now, named, vault)
        people = {name: each.person for name, each in told.items() if each.person is not None and name in seals}
        if people:
            rows = [(*name, *_sealed_person(seals[name], person)) for name, person in people.items()]
            await connection.execute(_QUERIES["save_people"], now, *_columns(rows, 8))
        places = [
            (
                *name,
                each.address.channel,
                vault.digest(each.address),
                b"" if each.gone else seal.close(each.address.value, each.address.channel),
                each.gone,
                told[name].replaces(each.address.channel),
            )
            for name, seal in seals.items()
            for each in told[name].addresses
        ]
        if places:
            await connection.execute(_QUERIES["save_contacts"], now, *_columns(places, 8))
    await record_consents(connection, now, {name: each.consents for name, each in told.items()})
    return [name for name in named if name not in seals]


async def drop_others(connection: asyncpg.Connection, name: MemberName, kept: Iterable[Place]) -> None:
    """Let go of a member's living addresses but these; those that are dead stay."""
    columns = _columns([(place.channel, place.digest) for place in kept], 2)
    await connection.execute(_QUERIES["drop_others"], *name, *columns)


async def record_consents(
    connection: asyncpg.Connection, now: datetime, said: Mapping[MemberName, Iterable[Consent]]
) -> int:
    """Record words of members, each member's in order; return how many of them are no repeats of what stands.

    What a consent says of the future was said now. It counts at once for whoever loads the member afterwards.
    """
    rows = [
        (*name, each.purpose, each.channel, each.given, each.at, each.source, each.text_version)
        for name, consents in said.items()
        for each in consents
    ]
    if not rows:
        return 0
    recorded: int = await connection.fetchval(_QUERIES["record_consents"], now, *_columns(rows, 9))
    return recorded


async def restrict(
    connection: asyncpg.Connection, now: datetime, merges: Sequence[tuple[MemberName, MemberName]]
) -> None:
    """Let each survivor, given second, refuse what a member refused who was merged into them."""
    names = list(dict.fromkeys(name for pair in merges for name in pair))
    words: dict[MemberName, list[Consent]] = {name: [] for name in names}
    if names:
        for row in await connection.fetch(_QUERIES["last_words"], *_columns(names, 3)):
            words[row["tenant_id"], row["programme_id"], row["member_id"]].append(_consent(row))
    said: dict[MemberName, list[Consent]] = {}
    for merged, survivor in merges:
        said.setdefault(survivor, []).extend(refused_too(words[merged], words[survivor], now))
    await record_consents(connection, now, said)


async def load_consents(connection: asyncpg.Connection, name: MemberName) -> list[Consent]:
    """Return every word of a member in the order in which they were recorded."""
    return [_consent(row) for row in await connection.fetch(_QUERIES["consents"], *name)]


async def mark_dead(connection: asyncpg.Connection, now: datetime, dead: Mapping[Place, str]) -> int:
    """Note that addresses are written to no more, each with its reason, for every member who has them.

    Returns how many contacts died of it; a dead one keeps its first reason.
    """
    rows = [(*place, reason) for place, reason in dead.items()]
    return _count(await connection.execute(_QUERIES["mark_dead"], now, *_columns(rows, 4))) if rows else 0


async def mark_address_dead(
    connection: asyncpg.Connection, now: datetime, name: MemberName, place: Place, reason: str
) -> bool:
    """Note that one member is written to at an address no more; return whether it was alive."""
    key = (*name, place.channel, place.digest)
    return _count(await connection.execute(_QUERIES["mark_address_dead"], now, *key, reason)) > 0


async def mark_alive(connection: asyncpg.Connection, now: datetime, name: MemberName, place: Place) -> bool:
    """Let a member's address be written to again; return whether it was dead."""
    return _count(await connection.execute(_QUERIES["mark_alive"], now, *name, place.channel, place.digest)) > 0


async def mark_reached(connection: asyncpg.Connection, reached: Mapping[Place, datetime]) -> None:
    """Note when messages last arrived at addresses."""
    if reached:
        await connection.execute(_QUERIES["mark_reached"], *_columns([(*key, at) for key, at in reached.items()], 4))


async def destroy_keys(connection: asyncpg.Connection, now: datetime, members: Iterable[MemberName]) -> None:
    """Erase members: without their keys nothing sealed under them is read again, here or in a copy.

    What names them in clear or by a digest is deleted, and the words of messages that are kept under the platform's own
    key. Their consents stay, as the proof of what they were, and what they were told when: these name nobody.
    """
    columns = _columns(list(members), 3)
    if columns[0]:
        await connection.execute(_QUERIES["destroy_keys"], now, *columns)
        for query in _FORGETTING:
            await connection.execute(_QUERIES[query], *columns)


async def hold(
    connection: asyncpg.Connection, now: datetime, members: Sequence[MemberName], vault: Vault
) -> dict[MemberName, MemberSeal]:
    """Hold members' data until the end of the transaction; whose key was destroyed is left out."""
    offered = [vault.new_key(name) for name in members]
    seals: dict[MemberName, MemberSeal] = {}
    for row in await connection.fetch(_QUERIES["hold"], now, *_columns(members, 3), offered):
        if row["sealed_key"] is not None:
            name = (row["tenant_id"], row["programme_id"], row["member_id"])
            seals[name] = open_key(name, row["sealed_key"], vault.seal)
    return seals


def _sealed_person(seal: MemberSeal, person: ToldPerson) -> tuple[object, ...]:
    """The columns of a person; an empty text takes away what there was."""
    names = [
        text and seal.close(text, place)
        for place, text in (("given_name", person.given_name), ("family_name", person.family_name))
    ]
    sealed = [b"" if name == "" else name for name in names]
    return (*sealed, person.language, person.zone, person.country)


def _person(name: MemberName, row: Mapping[str, Any], keys: Seal) -> Person:
    consents = tuple(_consents(row))
    if row["sealed_key"] is None:
        return Person(consents=consents)
    seal = open_key(name, row["sealed_key"], keys)
    given, family = [seal.open(row[place], place) if row[place] else None for place in ("given_name", "family_name")]
    addresses = tuple(
        [
            Address(channel, seal.open(address, channel), digest, alive)
            for channel, digest, address, alive in zip(
                *[row[column] or () for column in ("channels", "digests", "addresses", "alive")], strict=True
            )
        ]
    )
    language, zone, country = [row[column] or None for column in ("language", "zone", "country")]
    return Person(given, family, language, zone, country, addresses, consents)


def _consents(row: Mapping[str, Any]) -> Iterator[Consent]:
    columns = (
        "consent_purposes",
        "consent_channels",
        "consent_given",
        "consent_at",
        "consent_sources",
        "consent_texts",
    )
    for said in zip(*[row[column] or () for column in columns], strict=True):
        yield Consent(*said)


def _consent(row: Mapping[str, Any]) -> Consent:
    return Consent(row["purpose"], row["channel"], row["given"], row["at"], row["source"], row["text_version"])


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
