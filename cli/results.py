"""`pointstream results`: a programme's figures by mail, to people of the company."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.contacts.addresses import CheckedAddress, read_address
from libs.deliveries import result_mails
from libs.deliveries.own import DigestDiffers
from libs.deliveries.periods import Every, next_due
from libs.deliveries.result_mails import Subscribed, Wish
from libs.ledger.zones import load_zone
from libs.runtime.keys import event_key
from libs.sweeps.tables import text as instant_text

app = typer.Typer(help="A programme's figures by mail, to people of the company.", no_args_is_help=True)
_HEADS = ("to", "every", "hour", "language", "next", "id")


@app.callback()
def _group() -> None:
    """A programme's figures by mail, to people of the company."""


@app.command()
def add(
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address of the company's.")],
    every: Annotated[
        Every, typer.Option("--every", help="Every day, on Mondays, or on the first of a month.")
    ] = "week",
    hour: Annotated[int, typer.Option("--hour", min=0, max=23, help="The hour, in the programme's zone.")] = 7,
    language: Annotated[Literal["en", "de"], typer.Option("--language", help="Of the words.")] = "en",
    name: Annotated[
        str | None, typer.Option("--id", metavar="NAME", help="Names the wish: under the same name it counts once.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send somebody what was issued, redeemed and lapsed, and what members were told, for the time that is over."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)
    address = read_address("email", to)
    if not isinstance(address, CheckedAddress):
        fail(Exit.USAGE, f"expected {address.expected}", as_json=as_json)

    async def work(where: Where) -> list[Subscribed]:
        wish, seal = Wish(address.value, every, hour, language), connections.seal()
        mail_id = UUID(str(event_key(where.programme.source("cli"), name))) if name else uuid4()
        due = next_due(every, hour, load_zone(where.found.compiled.source.zone), where.now)
        named = (mail_id, sha256(repr(wish).encode()).digest())
        try:
            await result_mails.add(where.connection, where.scope, named, wish, seal, who(), where.now, due)
        except DigestDiffers as differs:
            fail(Exit.USAGE, str(differs), as_json=as_json)
        return [
            each
            for each in await result_mails.load(where.connection, where.scope[0], seal)
            if each.result_mail_id == mail_id
        ]

    _show(work_on(connections, tenant, programme, work), as_json=as_json)


@app.command("list")
def list_results(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who gets figures, with masked addresses."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work(where: Where) -> list[Subscribed]:
        return await result_mails.load(where.connection, where.scope[0], connections.seal(), where.scope[1])

    _show(work_on(connections, tenant, programme, work), as_json=as_json)


@app.command()
def remove(
    result: Annotated[UUID, typer.Argument(metavar="ID", help="Its id, as `list` shows it.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send somebody no more figures."""

    async def work(where: Where) -> bool:
        return await result_mails.remove(where.connection, where.scope[0], result)

    if not work_on(Connections(data, as_json, dsn), tenant, programme, work):
        fail(Exit.FAILED, "nobody is meant", as_json=as_json)
    if as_json:
        screen.write_json({"removed": str(result)})


def _show(found: list[Subscribed], *, as_json: bool) -> None:
    if as_json:
        screen.write_json({"results": [_told(each) for each in found]})
        return
    rows = [
        (each.address, each.every, str(each.hour), each.language, instant_text(each.next_at), str(each.result_mail_id))
        for each in found
    ]
    screen.write_table("Figures by mail", rows, _HEADS)


def _told(each: Subscribed) -> dict[str, Any]:
    plain = each._asdict()
    times = {name: instant_text(plain[name]) for name in ("made_at", "next_at")}
    return {**plain, **times, "result_mail_id": str(each.result_mail_id)}


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="results")
