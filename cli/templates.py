"""`pointstream templates`: the words of messages, from a file to what members read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast, get_args

import typer
import yaml

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.own_letters import tried
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.deliveries.own import Stand
from libs.design.style import DEFAULT, Look, look_for
from libs.design.versions import load_brands
from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName, Content
from libs.messages.kinds import KINDS, kind_of
from libs.messages.library import LAST, Library, chosen
from libs.messages.rendering import render
from libs.messages.segments import count_segments
from libs.messages.shipped.templates import shipped
from libs.messages.template import Template, TemplateInvalid
from libs.promotions.strict_yaml import read_yaml
from libs.templates import forms
from libs.templates.bundle import Bundle, unpacked
from libs.templates.images import Image
from libs.templates.postgres import (
    NothingBefore,
    Place,
    Published,
    add_images,
    load_heads,
    load_versions,
    publish,
    restore,
)

app = typer.Typer(help="Templates: the words of messages.", no_args_is_help=True)
_CHANNELS = get_args(ChannelName)
_DEFAULT_SITE = "http://localhost:8080"

NameArgument = Annotated[str, typer.Argument(metavar="MESSAGE", help=f"Such as {', '.join(list(KINDS)[:3])}.")]
LanguageArgument = Annotated[str, typer.Argument(metavar="LANGUAGE", help="A language tag, such as de or pt-BR.")]
ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help=f"One of {', '.join(_CHANNELS)}.")]
BrandOption = Annotated[str, typer.Option("--brand", help="For which brand (default: the programme's own).")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The template, in YAML or JSON.")
]
NoteOption = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, in words.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check it, and change nothing.")]


@app.callback()
def _group() -> None:
    """Templates: the words of messages."""


@app.command("list")
def list_templates(
    name: Annotated[str | None, typer.Argument(metavar="MESSAGE", help="Only of this message.")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is published; where nothing is, the platform has words of its own in English and German."""

    async def work(at: AtProgramme) -> list[Published]:
        return await load_heads(at.connection, at.programme[:2], name)

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        messages = {each: sorted(kind_of(each).variables) for each in KINDS if name in (None, each)}
        screen.write_json({"templates": [_told(each) for each in found], "messages": messages})
        return
    rows = [_row(each) for each in found]
    columns = ("message", "brand", "language", "channel", "version", "state", "published", "by")
    screen.write_table("Published templates", rows, columns)


@app.command()
def show(
    name: NameArgument,
    language: LanguageArgument,
    channel: ChannelArgument,
    brand: BrandOption = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the template that a reader of a language gets, as `publish` takes it: a beginning for one of your own."""
    where = _channel(channel, as_json)

    async def work(at: AtProgramme) -> tuple[Template, int, list[Published]]:
        return await _taken(at, Place(name, brand, language, where))

    template, version, versions = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    told = forms.told(template)
    if as_json:
        screen.write_json({"version": version, "template": told, "versions": [_told(each) for each in versions]})
        return
    typer.echo(f"# version {version}" if version else "# comes with the platform")
    typer.echo(yaml.dump(told, Dumper=_Blocks, allow_unicode=True, sort_keys=False, width=100), nl=False)


@app.command()
def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a template as publishing would; nothing needs to run."""
    template = _read(file, as_json)
    try:
        made = compiled(template)
    except TemplateInvalid as invalid:
        _refuse(file, invalid, as_json)
    if as_json:
        screen.write_json({"valid": True, "purpose": template.meant_for(), **forms.told_compiled(made)})
        return
    typer.echo(f"{file}: a template of {template.name} for {template.channel} in {template.language}, without a fault")


@app.command("publish")
def publish_file(
    file: FileArgument,
    note: NoteOption = None,
    dry_run: DryRunOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a template; it is taken within seconds. The same again changes nothing."""
    _publish(file, _read(file, as_json), (), note, dry_run, Connections(data, as_json, dsn), tenant, programme)


@app.command("import")
def import_archive(
    archive: Annotated[Path, typer.Argument(metavar="ZIP", exists=True, dir_okay=False, help="What an agency sent.")],
    name: NameArgument,
    language: LanguageArgument,
    title: Annotated[str | None, typer.Option("--title", help="The subject (default: the page's title).")] = None,
    site: Annotated[
        str, typer.Option("--site", metavar="URL", help="Where members reach the gateway, for images.")
    ] = _DEFAULT_SITE,
    brand: BrandOption = "",
    note: NoteOption = None,
    dry_run: DryRunOption = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an email that an agency sent: a ZIP file of one HTML or MJML page and its images."""

    def address(image: Image) -> str:
        return f"{site.rstrip('/')}/media/{image.digest}"

    try:
        bundle: Bundle = unpacked(archive.read_bytes(), address)
    except TemplateInvalid as invalid:
        _refuse(archive, invalid, as_json)
    parts = bundle.parts if title is None else {**bundle.parts, "title": title}
    template = Template(name, language, "email", parts, brand)
    _publish(archive, template, bundle.images, note, dry_run, Connections(data, as_json, dsn), tenant, programme)


@app.command()
def preview(
    name: NameArgument,
    language: LanguageArgument,
    channel: ChannelArgument,
    brand: BrandOption = "",
    file: Annotated[
        Path | None, typer.Option("--file", exists=True, dir_okay=False, help="A draft, in place of what is published.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Write the HTML, for a browser.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a member would read, filled with samples. The console shows it with what is so of a member."""
    where = _channel(channel, as_json)

    async def work(at: AtProgramme) -> tuple[Template, Look]:
        taken, look = await _taken(at, Place(name, brand, language, where)), await _look(at, brand, name, where)
        return taken[0], look

    look = DEFAULT
    if file is None:
        template, look = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    else:
        template = _read(file, as_json)
    try:
        ready = chosen(template, compiled(template, look), 0).ready
    except TemplateInvalid as invalid:
        _refuse(file or Path(name), invalid, as_json)
    _show(render(ready, samples.full(ready.declared)), template.channel, html=html, as_json=as_json)


@app.command("test")
def try_template(
    name: NameArgument,
    language: LanguageArgument,
    channel: ChannelArgument,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="An address of your own.")],
    brand: BrandOption = "",
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what a reader of a language gets to an address of your own, filled with samples: nobody's message."""
    connections, where = Connections(data, as_json, dsn, None, seal_key_file), _channel(channel, as_json)

    async def work(at: AtProgramme) -> Stand:
        template, _, _ = await _taken(at, Place(name, brand, language, where))
        ready = chosen(template, compiled(template, await _look(at, brand, name, where)), 0).ready
        return await tried(at, connections, name, where, render(ready, samples.full(ready.declared)), to)

    found = work_at(connections, tenant, programme, work)
    if as_json:
        screen.write_json({"letter_id": str(found.letter_id), "state": found.state, "reason": found.reason})
    else:
        screen.out().print(f"{name} over {channel}: {found.state} {found.reason or ''}".rstrip(), markup=False)


@app.command()
def rollback(
    name: NameArgument,
    language: LanguageArgument,
    channel: ChannelArgument,
    brand: BrandOption = "",
    to: Annotated[
        int | None, typer.Option("--to", min=0, help="Version to take up (default: the one before; 0: withdraw).")
    ] = None,
    note: NoteOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an earlier version again."""
    place = Place(name, brand, language, _channel(channel, as_json))

    async def work(at: AtProgramme) -> Published:
        try:
            async with at.connection.transaction():
                return await restore(at.connection, at.programme[:2], place, to, at.now, who(), note)
        except NothingBefore as nothing:
            fail(Exit.FAILED, str(nothing), as_json=as_json)

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    _say(found, True, as_json)


def _publish(
    file: Path,
    template: Template,
    images: tuple[Image, ...],
    note: str | None,
    dry_run: bool,
    connections: Connections,
    tenant: str | None,
    programme: str | None,
) -> None:
    as_json = connections.as_json
    try:
        compiled(template)
    except TemplateInvalid as invalid:
        _refuse(file, invalid, as_json)
    if dry_run:
        told = {"published": False, "template": forms.told(template), "images": len(images)}
        screen.write_json(told) if as_json else typer.echo(f"{file}: without a fault; nothing was published")
        return

    async def work(at: AtProgramme) -> tuple[Published, bool]:
        async with at.connection.transaction():
            await add_images(at.connection, at.programme.tenant_id, images, at.now)
            return await publish(at.connection, at.programme[:2], template, at.now, who(), note)

    _say(*work_at(connections, tenant, programme, work), as_json)


def _say(found: Published, new: bool, as_json: bool) -> None:
    if as_json:
        screen.write_json({"published": new, "version": _told(found)})
        return
    place = found.place
    what = f"{place.name} for {place.channel} in {place.language}"
    typer.echo(f"{what}: version {found.version} is {found.state}" + ("" if new else " already"))


def _show(content: Content, channel: ChannelName, *, html: bool, as_json: bool) -> None:
    counted = count_segments(content.text) if channel == "sms" else None
    if as_json:
        told = {name: getattr(content, name) for name in ("language", "title", "text", "html", "link")}
        screen.write_json({**told, "segments": None if counted is None else counted.count})
    elif html and content.html is not None:
        sys.stdout.write(content.html + "\n")
    else:
        typer.echo(f"{content.title}\n\n{content.text}" if content.title else content.text)
        if counted is not None:
            typer.echo(f"({counted.count} of {counted.encoding}, {counted.units} units)", err=True)


async def _taken(at: AtProgramme, place: Place) -> tuple[Template, int, list[Published]]:
    heads = await load_heads(at.connection, at.programme[:2], place.name)
    library = Library([taken for head in heads if (taken := head.taken()) is not None], LAST)
    found = library.find(place.name, place.brand, place.language, place.channel)
    where = Place(found.name, found.brand, found.language, found.channel)
    versions = await load_versions(at.connection, at.programme[:2], where)
    own = next((each.template for each in versions if each.version == found.version), None)
    look = await _look(at, place.brand, place.name, place.channel)
    template = own or shipped(found.name, found.language, found.channel, look)
    assert template is not None
    return template, found.version, versions


async def _look(at: AtProgramme, brand: str, name: str, channel: ChannelName) -> Look:
    brands = await load_brands(at.connection, at.programme[:2])
    return look_for(brands, brand, name, _DEFAULT_SITE) if channel == "email" else DEFAULT


def _channel(text: str, as_json: bool) -> ChannelName:
    if text not in _CHANNELS:
        fail(Exit.USAGE, f"{text} is none of the channels {', '.join(_CHANNELS)}", as_json=as_json)
    return cast(ChannelName, text)


def _read(file: Path, as_json: bool) -> Template:
    try:
        return forms.read(read_yaml(file.read_text(encoding="utf-8")))
    except UnicodeDecodeError:
        fail(Exit.VIOLATIONS, f"{file}: it is not text in UTF-8", as_json=as_json)
    except yaml.YAMLError as error:
        fail(Exit.VIOLATIONS, f"{file}: {error}", as_json=as_json)
    except TemplateInvalid as invalid:
        _refuse(file, invalid, as_json)


def _refuse(file: Path, invalid: TemplateInvalid, as_json: bool) -> NoReturn:
    if as_json:
        faults = [{"path": fault.path, "reason": fault.reason} for fault in invalid.faults]
        screen.write_json({"valid": False, "faults": faults})
        raise typer.Exit(Exit.VIOLATIONS)
    fail(Exit.VIOLATIONS, f"{file}:\n" + "\n".join(map(str, invalid.faults)), as_json=False)


def _told(each: Published) -> dict[str, Any]:
    place = {name: getattr(each.place, name) for name in ("name", "brand", "language", "channel")}
    said = {name: getattr(each, name) for name in ("version", "state", "note", "published_by")}
    return {**place, **said, "published_at": each.published_at.isoformat().replace("+00:00", "Z")}


def _row(each: Published) -> tuple[str, ...]:
    told = _told(each)
    names = ("name", "brand", "language", "channel", "version", "state", "published_at", "published_by")
    return tuple(str(told[name]) for name in names)


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines as they are."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _block)


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="templates")
