"""`pointstream designs`: styles of brands and landing pages, from a file to what members see; drafts and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import yaml

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.design import landing, style_forms
from libs.design.faults import DesignInvalid, Fault
from libs.design.qr import qr_picture
from libs.design.style import Brand
from libs.design.versions import (
    KINDS,
    Draft,
    Kind,
    NothingBefore,
    Version,
    drop_draft,
    load_drafts,
    load_heads,
    load_versions,
    publish,
    restore,
)
from libs.promotions.strict_yaml import read_yaml
from libs.templates.images import MOST_BYTES, image_of, picture
from libs.templates.postgres import add_images

app = typer.Typer(help="Designs: styles of brands and landing pages.", no_args_is_help=True)
KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="style or page.")]
NameOption = Annotated[
    str, typer.Option("--name", help="Of a style the brand (default: the programme's own), of a page its name.")
]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The design, in YAML or JSON.")
]


@app.callback()
def _group() -> None:
    """Designs: styles of brands and landing pages."""


@app.command("list")
def list_designs(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is published, and what somebody works on."""

    async def work(at: AtProgramme) -> tuple[list[Version], list[Draft]]:
        heads = [each for kind in KINDS for each in await load_heads(at.connection, at.programme[:2], kind)]
        return heads, await load_drafts(at.connection, at.programme[:2])

    heads, drafts = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(
            {"designs": [_told(each) for each in heads], "drafts": [_told_draft(each) for each in drafts]}
        )
        return
    _table("Published designs", map(_told, heads), ("kind", "name", "version", "state", "published_at", "published_by"))
    if drafts:
        _table("Drafts", map(_told_draft, drafts), ("kind", "name", "revision", "saved_at", "saved_by"))


def _table(title: str, lines: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    screen.write_table(title, [tuple(str(line[name]) for name in columns) for line in lines], columns)


@app.command()
def show(
    kind: KindArgument,
    name: NameOption = "",
    draft: Annotated[bool, typer.Option("--draft", help="The draft, in place of what is published.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a design as `publish` takes it: a beginning for one of your own."""
    where = _kind(kind, as_json)

    async def work(at: AtProgramme) -> tuple[int, Mapping[str, Any] | None]:
        if draft:
            found = await load_drafts(at.connection, at.programme[:2], where, name)
            return (found[0].revision, found[0].source) if found else (0, None)
        versions = await load_versions(at.connection, at.programme[:2], where, name, 1)
        return (versions[0].version, versions[0].source) if versions else (0, None)

    version, source = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if source is None:
        version = 0
        source = style_forms.told(Brand()) if where == "style" else landing.SAMPLE
    if as_json:
        screen.write_json({"version": version, "document": dict(source)})
        return
    typer.echo(f"# version {version}" if version else "# nothing of this name: this is how one looks")
    typer.echo(yaml.safe_dump(dict(source), allow_unicode=True, sort_keys=False, width=100), nl=False)


@app.command()
def check(kind: KindArgument, file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a design as publishing would; nothing needs to run. What can't be read by WCAG AA is refused."""
    source = _read(_kind(kind, as_json), file, as_json)
    if as_json:
        screen.write_json({"valid": True, "document": source})
        return
    typer.echo(f"{file}: a {kind} without a fault")


@app.command("publish")
def publish_file(
    kind: KindArgument,
    file: FileArgument,
    name: NameOption = "",
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, in words.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a design; it is taken within seconds. The same again changes nothing."""
    where = _kind(kind, as_json)
    source = _read(where, file, as_json)
    if where == "page" and not landing.NAME.fullmatch(name):
        fail(Exit.USAGE, "--name names the page, in small letters, digits and hyphens", as_json=as_json)

    async def work(at: AtProgramme) -> tuple[Version, bool]:
        async with at.connection.transaction():
            await add_images(at.connection, at.programme.tenant_id, map(picture, _codes(where, source)), at.now)
            found = await publish(at.connection, at.programme[:2], where, name, source, at.now, who(), note)
            await drop_draft(at.connection, at.programme[:2], where, name)
            return found

    _say(*work_at(Connections(data, as_json, dsn), tenant, programme, work), as_json)


@app.command()
def rollback(
    kind: KindArgument,
    name: NameOption = "",
    to: Annotated[
        int | None, typer.Option("--to", min=0, help="Version to take up (default: the one before; 0: out of force).")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, in words.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an earlier version again."""
    where = _kind(kind, as_json)

    async def work(at: AtProgramme) -> Version:
        try:
            async with at.connection.transaction():
                return await restore(at.connection, at.programme[:2], where, name, to, at.now, who(), note)
        except NothingBefore as nothing:
            fail(Exit.FAILED, str(nothing), as_json=as_json)

    _say(work_at(Connections(data, as_json, dsn), tenant, programme, work), True, as_json)


@app.command("picture")
def keep_picture(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="PNG, JPEG, GIF or WebP.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a picture for mails and pages, and write its name: a logo of a style, the picture of a block."""
    found = image_of(file.read_bytes())
    if found is None or len(found.content) > MOST_BYTES:
        fail(Exit.VIOLATIONS, f"{file}: a PNG, JPEG, GIF or WebP picture of at most 2 MiB is taken", as_json=as_json)

    async def work(at: AtProgramme) -> None:
        async with at.connection.transaction():
            await add_images(at.connection, at.programme.tenant_id, [found], at.now)

    work_at(Connections(data, as_json, dsn), tenant, programme, work)
    screen.write_json({"digest": found.digest}) if as_json else typer.echo(found.digest)


def _read(kind: Kind, file: Path, as_json: bool) -> dict[str, Any]:
    try:
        document = read_yaml(file.read_text(encoding="utf-8"))
        return style_forms.told(style_forms.read(document)) if kind == "style" else landing.told(landing.read(document))
    except UnicodeDecodeError:
        fail(Exit.VIOLATIONS, f"{file}: it is not text in UTF-8", as_json=as_json)
    except yaml.YAMLError as error:
        fail(Exit.VIOLATIONS, f"{file}: {error}", as_json=as_json)
    except DesignInvalid as invalid:
        _refuse(file, invalid.faults, as_json)


def _refuse(file: Path, faults: tuple[Fault, ...], as_json: bool) -> NoReturn:
    if as_json:
        told = [{"path": fault.path, "reason": fault.reason} for fault in faults]
        screen.write_json({"valid": False, "faults": told})
        raise typer.Exit(Exit.VIOLATIONS)
    fail(Exit.VIOLATIONS, f"{file}:\n" + "\n".join(map(str, faults)), as_json=False)


def _codes(kind: Kind, source: Mapping[str, Any]) -> list[bytes]:
    """The pictures of the codes on a page."""
    if kind != "page":
        return []
    texts = landing.read(source).texts.values()
    return [qr_picture(each.text)[1] for text in texts for each in text.blocks if each.kind == "code"]


def _kind(text: str, as_json: bool) -> Kind:
    for kind in KINDS:
        if text == kind:
            return kind
    fail(Exit.USAGE, f"{text} is none of {', '.join(KINDS)}", as_json=as_json)


def _say(found: Version, new: bool, as_json: bool) -> None:
    if as_json:
        screen.write_json({"published": new, "version": _told(found)})
        return
    named = f"{found.kind} {found.name}".strip()
    typer.echo(f"{named}: version {found.version} is {found.state}" + ("" if new else " already"))


def _told(each: Version) -> dict[str, Any]:
    names = ("kind", "name", "version", "state", "note", "published_by")
    return {**{name: getattr(each, name) for name in names}, "published_at": _instant(each.published_at)}


def _told_draft(each: Draft) -> dict[str, Any]:
    names = ("kind", "name", "revision", "saved_by")
    return {**{name: getattr(each, name) for name in names}, "saved_at": _instant(each.saved_at)}


def _instant(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="designs")
