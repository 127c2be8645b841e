"""`pointstream letters`: messages of the channel `file` as sheets of paper, for a printer or an agency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from libs.deliveries import postgres as deliveries
from libs.design.versions import load_brands
from libs.letters.batch import MOST_LETTERS, Form, Printed, print_letters
from libs.letters.letter import Letter
from libs.letters.telling import letter_of, logos_of
from libs.templates.postgres import load_image

app = typer.Typer(help="Letters by post.", no_args_is_help=True)
_DAYS = ["%Y-%m-%d"]
_FORMS: dict[str, Form] = {".pdf": "pdf", ".zip": "zip"}


@app.callback()
def _group() -> None:
    """Letters by post."""


@app.command("print")
def print_days(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to: a .pdf with all of them, or a .zip with a PDF each.")
    ],
    first: Annotated[datetime, typer.Option("--first", formats=_DAYS, metavar="DAY", help="From this day of UTC on.")],
    last: Annotated[
        datetime | None, typer.Option("--last", formats=_DAYS, metavar="DAY", help="To this day (default: that one).")
    ] = None,
    part: Annotated[int, typer.Option("--part", min=1, help="Which five thousand of them, the oldest last.")] = 1,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the letters that were kept because nobody carries the channel: A4, for window envelopes (DIN 5008)."""
    form = _FORMS.get(out.suffix.lower())
    if form is None:
        fail(Exit.USAGE, f"{out}: its name ends in .pdf or .zip", as_json=as_json)
    connections = Connections(data, as_json, dsn, None, seal_key_file)
    since = first.replace(tzinfo=UTC)
    until = datetime.combine((last or first).date(), time(), UTC) + timedelta(days=1)

    async def work(at: AtProgramme) -> tuple[list[Letter], dict[str, bytes]]:
        kept = await deliveries.captured(
            at.connection, at.programme.tenant_id, connections.seal(), most=MOST_LETTERS, channel="file",
            since=since, until=until, behind=(part - 1) * MOST_LETTERS, programme_id=at.programme[1],
        )  # fmt: skip
        brands = await load_brands(at.connection, at.programme[:2])
        letters = [letter_of(each, brands) for each in reversed(kept)]
        found = {digest: await load_image(at.connection, digest) for digest in logos_of(letters)}
        return letters, {digest: image.content for digest, image in found.items() if image is not None}

    letters, pictures = work_at(connections, tenant, programme, work)
    _say(_write(out, form, letters, pictures), out, as_json)


def _write(out: Path, form: Form, letters: Sequence[Letter], pictures: dict[str, bytes]) -> Printed:
    with out.open("wb") as stream:
        return print_letters(letters, form, stream, pictures, "Letters")


def _say(printed: Printed, out: Path, as_json: bool) -> None:
    left_out = [{"message_id": each.letter_id, "reason": each.reason} for each in printed.left_out]
    if as_json:
        screen.write_json({"letters": printed.letters, "pages": printed.pages, "left_out": left_out})
        return
    typer.echo(f"{out}: {printed.letters} letters on {printed.pages} pages")
    for each in left_out:
        typer.echo(f"left out: {each['message_id']}, {each['reason']}", err=True)


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="letters")
