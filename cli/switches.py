"""`pointstream switch`: kill switches, which stop what pays within seconds and without a new version."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.loading import LoadedOption, until_loaded
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programme_publish import NoteOption
from cli.programmes import Programme, ProgrammeOption, TenantOption, the_programme
from cli.publishing import who
from libs.programmes import postgres
from libs.programmes.consequences import instant_text
from libs.programmes.switchboard import Switch, SwitchesFull, SwitchInvalid, check_switch
from libs.programmes.telling import told_switch

app = typer.Typer(help="Kill switches: stop what pays, within seconds.", no_args_is_help=True)
_MOST_SHOWN = 1_000

KindArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="KIND", help="everything, campaign, effect, store, partner or channel.")
]
ValueArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="[VALUE]", help="Which one: a campaign's id, a store's number, …", show_default=False)
]


@app.callback()
def _group() -> None:
    """Kill switches: stop what pays, within seconds."""


@app.command()
def off(
    kind: KindArgument,
    value: ValueArgument = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    note: NoteOption = None,
    wait: LoadedOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop a campaign (`switch off campaign weekend`), a kind of effect, what comes from a place, or everything.

    It counts for what is decided from now on, within five seconds. What was decided before stays, also when it comes
    back later.
    """
    _turn(Connections(data, as_json, dsn), tenant, programme, kind, value, note, off=True, wait=wait)


@app.command()
def on(
    kind: KindArgument,
    value: ValueArgument = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    note: NoteOption = None,
    wait: LoadedOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let it pay again. What was decided meanwhile stays as it was decided."""
    _turn(Connections(data, as_json, dsn), tenant, programme, kind, value, note, off=False, wait=wait)


@app.command("list")
def list_switches(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are on again.")] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the switches that are off, newest first."""
    connections = Connections(data, as_json, dsn)

    async def look() -> tuple[str, list[Switch]]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            named = await the_programme(connection, tenant, programme, as_json=as_json)
            found = await postgres.load_switches(
                connection, (named.tenant_id, named.programme_id), turned_on_too=everything, most=_MOST_SHOWN
            )
            return named.slug, found
        finally:
            await connection.close()

    slug, found = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({"programme": slug, "switches": [told_switch(switch) for switch in found]})
    elif found:
        screen.write_table(
            f"{slug}: {len(found)} switches",
            [
                (
                    switch.name,
                    instant_text(switch.off_at),
                    switch.off_by,
                    switch.off_note or "",
                    "" if switch.on_at is None else instant_text(switch.on_at),
                )
                for switch in found
            ],
            ("what", "off since", "by", "why", "on again"),
        )
    else:
        screen.out().print(f"{slug}: nothing is switched off", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="switch")


def _turn(
    connections: Connections,
    tenant: str | None,
    programme: str | None,
    kind: str,
    value: str,
    note: str | None,
    *,
    off: bool,
    wait: bool,
) -> None:
    as_json = connections.as_json

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            named = await the_programme(connection, tenant, programme, as_json=as_json)
            switch, turned = await _write(connection, connections, named, (kind, value), note, off=off)
            workers = await until_loaded(connection) if wait else None
            return {"programme": named.slug, "switch": told_switch(switch), "turned": turned, "workers": workers}
        finally:
            await connection.close()

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
        return
    state = "off" if off else "on again"
    said = f"{kind} {value}".rstrip()
    screen.out().print(f"{said} is {state}" + ("" if told["turned"] else " already"), markup=False)
    if told["workers"]:
        screen.out().print(f"loaded by {', '.join(told['workers'])}", markup=False)


async def _write(
    connection: asyncpg.Connection,
    connections: Connections,
    named: Programme,
    name: tuple[str, str],
    note: str | None,
    *,
    off: bool,
) -> tuple[Switch, bool]:
    key, as_json = (named.tenant_id, named.programme_id), connections.as_json
    async with connection.transaction():
        await postgres.publishing(connection, key)
        now = connections.clock().now()
        if not off:
            switch = await postgres.turn_on(connection, key, *name, now, who(), note)
            if switch is None:
                fail(Exit.FAILED, f"{' '.join(name).rstrip()} is not switched off", as_json=as_json)
            return switch, True
        versions = await postgres.load_versions(connection, key, now)
        try:
            check_switch(*name, versions.programmes.values())
            return await postgres.turn_off(connection, key, *name, now, who(), note)
        except SwitchInvalid as invalid:
            fail(Exit.USAGE, str(invalid), as_json=as_json)
        except SwitchesFull as full:
            fail(Exit.FAILED, str(full), as_json=as_json)
