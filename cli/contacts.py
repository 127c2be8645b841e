"""`pointstream contacts`: how a member is reached and what they agreed to, for whoever answers for the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.contact_texts import consents_told, person_told, write_consents, write_person
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member, who
from libs.contacts.addresses import CheckedAddress, Unfit, read_address
from libs.contacts.consent import CHANNELS, PURPOSES
from libs.contacts.links import Links
from libs.contacts.person import Consent
from libs.contacts.postgres import (
    Place,
    load_addresses,
    load_consents,
    load_people,
    mark_address_dead,
    mark_alive,
    record_consents,
    save_told,
)
from libs.contacts.told import Told, ToldAddress, ToldPerson, fits_country, fits_language, fits_zone
from libs.contacts.vault import MemberName, Vault
from libs.messages.content import ChannelName, Purpose
from libs.runtime import sql

app = typer.Typer(help="How members are reached, and what they agreed to.", no_args_is_help=True)
_T = TypeVar("_T")
_Pair = tuple[Purpose, ChannelName]
_NAME_MOST = 128
_QUERIES = sql.load("cli", "contacts.sql")

RevealOption = Annotated[bool, typer.Option("--reveal", help="Show names and addresses in full.")]
PurposesOption = Annotated[
    list[str] | None, typer.Option("--purpose", metavar="NAME", help=f"What for: {', '.join(PURPOSES)}.")
]
ChannelsOption = Annotated[
    list[str] | None, typer.Option("--channel", metavar="NAME", help=f"Where: {', '.join(CHANNELS)}.")
]
AddressArgument = Annotated[str, typer.Argument(metavar="CHANNEL=ADDRESS", help="As email=anna@example.org.")]


class _Whose(NamedTuple):
    """The member that is meant, and where things are."""

    connections: Connections
    member: str
    tenant: str | None
    programme: str | None


class _At(NamedTuple):
    """A member in hand."""

    connection: asyncpg.Connection
    name: MemberName
    now: datetime
    vault: Vault


@app.callback()
def _group() -> None:
    """How members are reached, and what they agreed to."""


@app.command()
def show(
    member: MemberArgument,
    reveal: RevealOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who a member is and where they are reached: `contacts show card:17`. Masked, unless --reveal is said.

    The log of the database server says who revealed whom.
    """
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    _show(whose, _nothing, reveal=reveal)


@app.command("set")
def set_them(
    member: MemberArgument,
    given_name: Annotated[str | None, typer.Option("--given-name", help="An empty text takes it away.")] = None,
    family_name: Annotated[str | None, typer.Option("--family-name")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="TAG", help="As cs or en-GB.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", metavar="NAME", help="As Europe/Prague.")] = None,
    country: Annotated[str | None, typer.Option("--country", metavar="CC", help="As CZ.")] = None,
    address: Annotated[list[str] | None, typer.Option("--address", metavar="CHANNEL=ADDRESS")] = None,
    gone: Annotated[
        list[str] | None, typer.Option("--gone", metavar="CHANNEL=ADDRESS", help="An address that is no more.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is named: `contacts set card:17 --language cs --address email=anna@example.org`.

    A mail address or a number takes the place of the former one; devices are added.
    """
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    person = ToldPerson(given_name, family_name, language, zone, country)
    _check(person, as_json=as_json)
    addresses = [
        ToldAddress(_read(text, country, as_json=as_json), away)
        for away, texts in ((False, address), (True, gone))
        for text in texts or ()
    ]
    told = Told(None if person == ToldPerson() else person, tuple(addresses))

    async def work(at: _At) -> None:
        async with at.connection.transaction():
            if await save_told(at.connection, at.now, {at.name: told}, at.vault):
                fail(Exit.FAILED, "the member's personal data was erased", as_json=as_json)

    _show(whose, work, reveal=False)


@app.command()
def suppress(
    member: MemberArgument,
    address: AddressArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; no personal data.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write to an address of a member no more: `contacts suppress card:17 email=anna@example.org --reason wrong`."""
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    _turn(whose, _read(address, None, as_json=as_json), reason)


@app.command()
def unsuppress(
    member: MemberArgument,
    address: AddressArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write to an address again that was given up, by a person or because nobody was there."""
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    _turn(whose, _read(address, None, as_json=as_json), None)


@app.command()
def consents(
    member: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether a member may be written to and why, and every word so far."""
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    _say(whose, (), given=False, source="")


@app.command()
def agree(
    member: MemberArgument,
    purpose: PurposesOption = None,
    channel: ChannelsOption = None,
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where it was said.")] = "",
    text_version: Annotated[
        str, typer.Option("--text-version", metavar="TEXT", help="The version of what was agreed to.")
    ] = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a member agrees: `contacts agree card:17 --purpose marketing --channel email --source "a call"`."""
    if not purpose or not channel:
        fail(Exit.USAGE, "say what a member agrees to, with --purpose and --channel", as_json=as_json)
    if not 0 < len(source) <= _NAME_MOST:
        fail(Exit.USAGE, "say where it was said, with --source", as_json=as_json)
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    _say(whose, _pairs(purpose, channel, as_json=as_json), given=True, source=source, text_version=text_version)


@app.command("opt-out")
def opt_out(
    member: MemberArgument,
    purpose: PurposesOption = None,
    channel: ChannelsOption = None,
    source: Annotated[str | None, typer.Option("--source", metavar="TEXT", help="Where it was said.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a member refuses, at once: all but service messages, on every channel, unless they are named."""
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    purposes, channels = purpose or [each for each in PURPOSES if each != "service"], channel or list(CHANNELS)
    pairs = _pairs(purposes, channels, as_json=as_json)
    _say(whose, pairs, given=False, source=source or f"{who()} at the command line")


@app.command()
def link(
    member: MemberArgument,
    purpose: Annotated[str, typer.Option("--purpose", metavar="NAME")] = "marketing",
    channel: Annotated[str, typer.Option("--channel", metavar="NAME")] = "email",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a link, below the gateway's address, by which a member says no with one click and sees all choices."""
    whose = _Whose(Connections(data, as_json, dsn, seal_key_file=seal_key_file), member, tenant, programme)
    (pair,) = _pairs([purpose], [channel], as_json=as_json)

    async def work(at: _At) -> str:
        return Links.from_seal_key(whose.connections.seal_key()).path(at.name, *pair, at.now)

    path = _at(whose, work)
    if as_json:
        screen.write_json({"path": path})
    else:
        screen.out().print(path, markup=False, soft_wrap=True)


async def _nothing(_: _At) -> None:
    """Change nothing."""


def _at(whose: _Whose, work: Callable[[_At], Awaitable[_T]]) -> _T:
    """Do some work at a member."""
    connections = whose.connections

    async def all_of_it() -> _T:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where, member_id = await the_member(connection, connections, *whose[1:])
            name = (where.tenant_id, where.programme_id, member_id)
            vault = Vault.from_seal_key(connections.seal_key())
            return await work(_At(connection, name, connections.clock().now(), vault))
        finally:
            await connection.close()

    return finished(all_of_it, as_json=connections.as_json)


def _show(whose: _Whose, work: Callable[[_At], Awaitable[None]], *, reveal: bool) -> None:
    async def then(at: _At) -> dict[str, Any]:
        await work(at)
        if reveal:
            async with at.connection.transaction():
                await at.connection.execute(_QUERIES["name_revealed"], f"{at.name[2]} by {who()}")
                await at.connection.execute(_QUERIES["log_revealed"])
        people = await load_people(at.connection, [at.name], at.vault.seal)
        addresses = await load_addresses(at.connection, at.name, at.vault.seal)
        return person_told(at.name, people[at.name], addresses, reveal=reveal)

    told = _at(whose, then)
    if whose.connections.as_json:
        screen.write_json(told)
    else:
        write_person(told)


def _turn(whose: _Whose, address: CheckedAddress, reason: str | None) -> None:
    """Give an address up for a reason, or take it up again without one."""

    async def work(at: _At) -> None:
        place = Place(at.name[0], address.channel, at.vault.digest(address))
        known = await load_addresses(at.connection, at.name, at.vault.seal)
        if not any((each.channel, each.digest) == place[1:] for each in known):
            fail(Exit.FAILED, "the member has no such address", as_json=whose.connections.as_json)
        if reason is None:
            await mark_alive(at.connection, at.now, at.name, place)
        else:
            await mark_address_dead(at.connection, at.now, at.name, place, reason)

    _show(whose, work, reveal=False)


def _say(whose: _Whose, pairs: Sequence[_Pair], *, given: bool, source: str, text_version: str = "") -> None:
    """Record a word on each of these, and show what the member said."""

    async def work(at: _At) -> dict[str, Any]:
        words = [Consent(*pair, given, at.now, source[:_NAME_MOST], text_version) for pair in pairs]
        async with at.connection.transaction():
            await record_consents(at.connection, at.now, {at.name: words})
        asked = await at.connection.fetch(_QUERIES["asked"], *at.name)
        return consents_told(at.name, await load_consents(at.connection, at.name), asked)

    told = _at(whose, work)
    if whose.connections.as_json:
        screen.write_json(told)
    else:
        write_consents(told)


def _pairs(purposes: Sequence[str], channels: Sequence[str], *, as_json: bool) -> list[_Pair]:
    """Return every purpose on every channel that is named; ends the command for what there is not."""
    for texts, known, option in ((purposes, PURPOSES, "--purpose"), (channels, CHANNELS, "--channel")):
        if not set(texts) <= set(known):
            fail(Exit.USAGE, f"{option}: one of {', '.join(known)}", as_json=as_json)
    return [
        (purpose, channel)
        for purpose in PURPOSES
        for channel in CHANNELS
        if purpose in purposes and channel in channels
    ]


def _read(text: str, country: str | None, *, as_json: bool) -> CheckedAddress:
    channel, _, address = text.partition("=")
    read = read_address(channel, address, country or None)
    if isinstance(read, Unfit):
        fail(Exit.USAGE, f"{channel}: expected {read.expected}", as_json=as_json)
    return read


def _check(person: ToldPerson, *, as_json: bool) -> None:
    checks = (
        ("--language", person.language, fits_language),
        ("--zone", person.zone, fits_zone),
        ("--country", person.country, fits_country),
        ("--given-name", person.given_name, _fits_name),
        ("--family-name", person.family_name, _fits_name),
    )
    for option, text, fits in checks:
        if text and not fits(text):
            fail(Exit.USAGE, f"{option}: that is none", as_json=as_json)


def _fits_name(text: str) -> bool:
    return len(text) <= _NAME_MOST and text.isprintable()


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="contacts")
