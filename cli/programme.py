"""`pointstream programme`: the programme as a versioned document, looked at, published and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programme_calendar import calendar
from cli.programme_publish import apply, plan, read, rollback
from cli.programme_screen import show_versions
from cli.programmes import ProgrammeOption, TenantOption, the_programme
from libs.programmes import postgres
from libs.programmes.draft import as_yaml
from libs.programmes.telling import told_switch, told_version
from libs.promotions.document import programme_hash
from libs.promotions.schema import programme_schema

app = typer.Typer(help="The programme as a versioned document: validate, plan, apply, roll back.", no_args_is_help=True)

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The document, in YAML or JSON.")
]


@app.callback()
def _group() -> None:
    """The programme as a versioned document: validate, plan, apply, roll back."""


@app.command()
def validate(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a document; nothing else is asked. Ends with 6 when it has faults, each named with its line."""
    draft = read(file, as_json=as_json)
    count = len(draft.programme.campaigns)
    if as_json:
        screen.write_json(
            {"valid": True, "campaigns": count, "wallets": [each.name for each in draft.programme.wallets]}
        )
    else:
        screen.out().print(f"{file}: valid, {count} campaigns", markup=False)


app.command()(plan)
app.command()(apply)
app.command()(rollback)
app.command()(calendar)


@app.command()
def history(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="How many versions, the newest first.")] = 20,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List versions: from when on they count, who published them and why; and the switches that are off."""
    connections = Connections(data, as_json, dsn)

    async def look() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            now = connections.clock().now()
            versions = await postgres.load_versions(connection, (where.tenant_id, where.programme_id), now)
            off = await postgres.load_switches(connection, (where.tenant_id, where.programme_id))
            return {"slug": where.slug, "versions": versions, "now": now, "off": off}
        finally:
            await connection.close()

    found = finished(look, as_json=as_json)
    in_force = found["versions"].in_force(found["now"])
    number = None if in_force is None else in_force.number
    shown = list(reversed(found["versions"].all))[:most]
    if as_json:
        told = [told_version(version, in_force=version.number == number) for version in shown]
        screen.write_json(
            {"programme": found["slug"], "versions": told, "switches": [told_switch(each) for each in found["off"]]}
        )
        return
    show_versions(f"{found['slug']}: {len(found['versions'].all)} versions, * is in force", shown, number)
    for switch in found["off"]:
        screen.out().print(f"switched off: {switch.name}, since {switch.off_at:%Y-%m-%d %H:%M:%S}Z", markup=False)


@app.command()
def export(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    version: Annotated[int | None, typer.Option("--version", min=1, help="Which one (default: in force).")] = None,
    schema: Annotated[
        str | None, typer.Option("--schema", metavar="URL", help="Name the schema for editors in the first line.")
    ] = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a version as YAML (or, with --json, as stored). It reads back to the same hash; edit it, and apply it."""
    connections = Connections(data, as_json, dsn)

    async def look() -> Any:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where = await the_programme(connection, tenant, programme, as_json=as_json)
            key = (where.tenant_id, where.programme_id)
            number = version
            if number is None:
                now = connections.clock().now()
                in_force = (await postgres.load_versions(connection, key, now)).in_force(now)
                if in_force is None:
                    fail(Exit.FAILED, f"{where.slug} has no version in force", as_json=as_json)
                number = in_force.number
            found = await postgres.load_documents(connection, key, [number])
            if number not in found:
                fail(Exit.FAILED, f"{where.slug} has no version {number}", as_json=as_json)
            return where.slug, found[number]
        finally:
            await connection.close()

    slug, document = finished(look, as_json=as_json)
    if as_json:
        told = document.model_dump(mode="json", by_alias=True, exclude_none=True)
        screen.write_json(
            {"programme": slug, "version": document.version, "hash": programme_hash(document), "document": told}
        )
        return
    typer.echo(as_yaml(document, schema), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the document, for editors and other tools."""
    typer.echo(json.dumps(programme_schema(), indent=2, ensure_ascii=False))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="programme")
