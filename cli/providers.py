"""`pointstream providers`: who carries messages for a company, channel by channel; credentials are kept sealed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from pydantic import ValidationError

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.own_letters import tried
from cli.programmes import ProgrammeOption, TenantOption, the_tenant
from libs.deliveries.own import TESTED, Stand
from libs.messages.content import Content
from libs.messages.provider_settings import CARRIED, read_settings
from libs.messages.providers import provider_context, shown
from libs.runtime import sql
from libs.runtime.clock import SystemClock

_TRIAL = Content("en", "Your provider works", "This message came by the provider that you have set.", None)
app = typer.Typer(help="Providers: who carries messages to members.", no_args_is_help=True)
_QUERIES = sql.load("cli", "providers.sql")
T = TypeVar("T")
ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help=f"One of {', '.join(CARRIED)}.")]


@app.callback()
def _group() -> None:
    """Providers: who carries messages to members."""


@app.command("list")
def list_providers(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the providers, of their secrets no more than the last letters, and what text messages cost today."""
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)
    seal = connections.seal()

    async def work(connection: asyncpg.Connection, tenant_id: int) -> list[dict[str, Any]]:
        found = []
        for row in await connection.fetch(_QUERIES["providers"], tenant_id):
            raw = seal.open(row["settings"], provider_context(tenant_id, row["channel"]))
            told = {name: row[name] for name in ("channel", "kind", "version", "set_by")}
            told |= {"set_at": row["set_at"].isoformat(), "settings": shown(json.loads(raw))}
            if row["channel"] == "sms":
                day = await connection.fetchrow(_QUERIES["sms_day"], tenant_id, SystemClock().now().date())
                told["today"] = dict(day) if day else {"segments": 0, "refused": 0}
            found.append(told)
        return found

    found = _on(connections, tenant, work)
    if as_json:
        screen.write_json({"providers": found})
        return
    rows = [
        (each["channel"], each["kind"], str(each["version"]), each["set_at"][:19], json.dumps(each["settings"]))
        for each in found
    ]
    screen.write_table(f"{len(found)} providers", rows, ("channel", "kind", "version", "set (UTC)", "settings"))


@app.command("set")
def set_provider(
    channel: ChannelArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Its settings as JSON, with `kind`.")
    ],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the provider of a channel, or other credentials for it: workers use them within seconds."""
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)
    document = _read(channel, file, as_json)
    seal = connections.seal()

    async def work(connection: asyncpg.Connection, tenant_id: int) -> int:
        sealed = seal.close(json.dumps(document).encode(), provider_context(tenant_id, channel))
        now = SystemClock().now()
        row = (tenant_id, channel, document["kind"], sealed, now, "command line")
        return int(await connection.fetchval(_QUERIES["put"], *row))

    version = _on(connections, tenant, work)
    if as_json:
        screen.write_json({"channel": channel, "kind": document["kind"], "version": version})
    else:
        screen.out().print(f"{channel} goes by {document['kind']}, version {version}", markup=False)


@app.command()
def check(channel: ChannelArgument, file: Path, as_json: JsonOption = False) -> None:
    """Read the settings of a provider, say what is wrong with them, and do nothing."""
    document = _read(channel, file, as_json)
    if as_json:
        screen.write_json({"channel": channel, "settings": shown(document)})
    else:
        screen.out().print("they can be read", markup=False)


@app.command()
def remove(
    channel: ChannelArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove the provider of a channel: its messages are kept in the outbox instead."""

    async def work(connection: asyncpg.Connection, tenant_id: int) -> str | None:
        kind: str | None = await connection.fetchval(_QUERIES["remove"], tenant_id, channel)
        return kind

    if _on(Connections(data, as_json, dsn), tenant, work) is None:
        fail(Exit.FAILED, f"{channel} has no provider", as_json=as_json)
    if as_json:
        screen.write_json({"removed": channel})
    else:
        screen.out().print(f"{channel} has no provider any more", markup=False)


@app.command("test")
def try_provider(
    channel: ChannelArgument,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="An address of your own.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have a word sent to an address of your own as messages are, and say what the provider answered."""
    connections = Connections(data, as_json, dsn, seal_key_file=seal_key_file)
    where = next((each for each in TESTED if each == channel), None)
    if where is None:
        fail(Exit.USAGE, f"only over {', '.join(TESTED)}", as_json=as_json)

    async def work(at: AtProgramme) -> Stand:
        return await tried(at, connections, "provider", where, _TRIAL, to, once=True)

    found = work_at(connections, tenant, programme, work)
    told = {"channel": channel, "state": found.state, "reason": found.reason, "answer": found.detail}
    if as_json:
        screen.write_json(told)
    else:
        said = ", ".join([each for each in (found.reason, found.detail) if each])
        screen.out().print(f"{channel}: {found.state}{f' ({said})' if said else ''}", markup=False)
    if found.state != "handed":
        raise typer.Exit(Exit.FAILED)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="providers")


def _read(channel: str, file: Path, as_json: bool) -> dict[str, Any]:
    """Read settings from a file; ends the command when they are wrong. What is wrong is told without the values."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        read_settings(channel, document)
    except ValidationError as invalid:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in invalid.errors()]
        fail(Exit.USAGE, f"{file}: {'; '.join(faults)}", as_json=as_json)
    except (ValueError, UnicodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    told: dict[str, Any] = document
    return told


def _on(connections: Connections, tenant: str | None, work: Callable[[asyncpg.Connection, int], Awaitable[T]]) -> T:
    """Do something for a tenant, in one transaction."""

    async def done() -> T:
        connection = await asyncpg.connect(connections.dsn())
        try:
            tenant_id = await the_tenant(connection, tenant, as_json=connections.as_json)
            async with connection.transaction():
                return await work(connection, tenant_id)
        finally:
            await connection.close()

    return finished(done, as_json=connections.as_json)
