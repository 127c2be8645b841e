"""`pointstream segments`: who is in which segment and why, and the static lists."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cli import screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.list_import import Listed, ListImport
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.rejects import SUFFIX
from libs.contracts.rejection import Rejection
from libs.intake.rows import FileUnreadable
from libs.language.catalogue import LANGUAGES
from libs.promotions.describe import Words
from libs.promotions.segments import Segment
from libs.segments import reading
from libs.segments.explain import Explanation, describe, explain
from libs.segments.finding import Look
from libs.segments.lists import entry_named
from libs.segments.postgres import load

app = typer.Typer(help="Segments: who is in which, and why.", no_args_is_help=True)

SegmentArgument = Annotated[str, typer.Argument(metavar="SEGMENT", help="Its name in the programme.")]
LanguageOption = Annotated[str, typer.Option("--language", metavar="CODE", help=f"One of {', '.join(LANGUAGES)}.")]


def _segment(where: Where, name: str) -> Segment:
    """The segment of a name; ends the command when there is none."""
    known: dict[str, Segment] = {each.name: each for each in where.found.rules.segments}
    if name not in known:
        message = f"{where.programme.slug} has no segment {name} in force; it has: {', '.join(known) or 'none'}"
        fail(Exit.USAGE, message, as_json=where.connections.as_json)
    return known[name]


@app.callback()
def _group() -> None:
    """Segments: who is in which, and why."""


@app.command("list")
def list_segments(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    language: LanguageOption = LANGUAGES[0],
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the segments in force: how many members each has, and what it asks for."""

    async def work(where: Where) -> list[dict[str, Any]]:
        counts = await reading.load_counts(where.connection, where.scope)
        words = Words(where.found.compiled, _known(language, as_json))
        return [
            {
                "name": each.name,
                "title": each.title,
                "list": each.list,
                "members": counts.get(each.name, 0),
                "asks": list(describe(each, words)),
            }
            for each in where.found.rules.segments
        ]

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"segments": found})
        return
    rows = [(each["name"], each["title"] or "", f"{each['members']:,}", "\n".join(each["asks"])) for each in found]
    screen.write_table("Segments", rows, ("name", "title", "members", "asks"))


@app.command()
def count(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count the members of every segment exactly, and those who wait to be looked at."""

    async def work(where: Where) -> dict[str, Any]:
        counts = await reading.load_counts(where.connection, where.scope)
        listed = await reading.load_listed(where.connection, where.scope)
        return {
            "segments": {each.name: counts.get(each.name, 0) for each in where.found.rules.segments},
            "lists": listed,
            "waiting": await reading.count_waiting(where.connection, where.scope, where.now),
        }

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(found)
        return
    rows = [(name, f"{members:,}", f"{found['lists'][name]:,}" if name in found["lists"] else "")
            for name, members in found["segments"].items()]  # fmt: skip
    screen.write_table(f"Members; {found['waiting']:,} wait to be looked at", rows, ("segment", "members", "on list"))


@app.command()
def members(
    segment: SegmentArgument,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Members at most.")] = 100,
    after: Annotated[
        UUID | None, typer.Option("--after", metavar="MEMBER", help="Only members behind this one.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the members of a segment in the order of their ids, with since when."""

    async def work(where: Where) -> list[reading.Membership]:
        return await reading.load_members(where.connection, where.scope, _segment(where, segment).name, after, limit)

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    rows = [(str(each.member_id), each.entered_at.isoformat().replace("+00:00", "Z")) for each in found]
    if as_json:
        screen.write_json({"members": [{"member_id": member, "entered_at": at} for member, at in rows]})
        return
    screen.write_table(f"Members of {segment}", rows, ("member", "since"))


@app.command("explain")
def explain_member(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="A member id, or an identifier such as card:123.")],
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    language: LanguageOption = LANGUAGES[0],
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why a member is in each segment, or is not: every condition, and what there was."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work(where: Where) -> tuple[dict[str, datetime], list[Explanation]]:
        entry = entry_named(member, connections.identifier_names())
        if isinstance(entry, Rejection):
            fail(Exit.USAGE, f"{member}: expected {entry.detail}", as_json=as_json)
        (member_id,) = await reading.find(where.connection, where.scope, [entry])
        if member_id is None:
            fail(Exit.FAILED, f"{where.programme.slug} has no member {member}", as_json=as_json)
        name = (*where.scope, member_id)
        present = (await load(where.connection, [name], where.found.rules, where.now))[name]
        look = Look(where.found.rules, present.known, where.now)
        words = Words(where.found.compiled, _known(language, as_json))
        since = await reading.load_segments_of(where.connection, where.scope, member_id)
        return since, [explain(each, look, words) for each in where.found.rules.segments]

    since, found = work_on(connections, tenant, programme, work)
    if as_json:
        screen.write_json({"segments": [_told(each, since) for each in found]})
        return
    for each in found:
        rows = [("✓" if line.met else "✗", "  " * line.depth + line.words, line.there or "") for line in each.lines]
        screen.write_table(f"{each.segment.name}: {_state(each, since)}", rows, ("", "condition", "there is"))


def _state(each: Explanation, since: dict[str, datetime]) -> str:
    at = since.get(each.segment.name)
    if at is None:
        return "enters at the next look" if each.member else "not in"
    told = f"in since {at.isoformat().replace('+00:00', 'Z')}"
    return told if each.member else f"{told}, leaves at the next look"


@app.command("import")
def import_list(
    name: Annotated[str, typer.Argument(metavar="LIST", help="A segment of the programme that is a list.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV, packed or not.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these members off the list instead.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look every row up, and change nothing.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="From the beginning, also what was read before.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", dir_okay=False, help=f"For rejected rows (default: FILE{SUFFIX})."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the members of a file on a static list: by a column member_id, card, phone, email or account.

    Stopped at any moment, the next run with the same file goes on where it was. Whoever comes on the list is in its
    segment within a second or two. Ends with 6 when a row named nobody.
    """
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work(where: Where) -> Listed:
        if not _segment(where, name).list:
            fail(Exit.USAGE, f"{name} is no list: its members follow from its conditions", as_json=as_json)
        place = report or file.with_name(file.name + SUFFIX)
        run = ListImport(where.connection, connections, where.programme, name, file, place, remove=remove)
        with screen.reporting() as news, news.step("Import") as step:
            try:
                listed = await run.all(step, dry_run=dry_run, restart=restart)
            except FileUnreadable as error:
                fail(Exit.FAILED, f"{file}: {error}", as_json=as_json)
            step.done(f"{listed.rows:,} rows, {listed.changed:,} members changed")
        return listed

    listed = work_on(connections, tenant, programme, work)
    if as_json:
        screen.write_json(listed.described())
    else:
        does = "taken off" if remove else "put on"
        told = f"; see {listed.report}" if listed.report else ""
        line = (
            f"{listed.known:,} rows name members, {listed.changed:,} {does} {name}; {listed.rejected:,} rejected{told}"
        )
        screen.out().print(line, markup=False)
    if listed.rejected:
        raise typer.Exit(Exit.VIOLATIONS)


@app.command()
def recompute(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have everybody looked at again, beside running workers: after the days of members were made again, say."""

    async def work(where: Where) -> None:
        await reading.look_again(where.connection, where.scope)

    work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"asked": True})
    else:
        screen.out().print("asked; `pointstream segments count` shows how many wait", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="segments")


def _told(each: Explanation, since: dict[str, datetime]) -> dict[str, Any]:
    at = since.get(each.segment.name)
    return {
        "name": each.segment.name,
        "title": each.segment.title,
        "list": each.segment.list,
        "since": None if at is None else at.isoformat().replace("+00:00", "Z"),
        "holds": each.member,
        "conditions": [
            {"depth": line.depth, "words": line.words, "met": line.met, "there": line.there} for line in each.lines
        ],
    }


def _known(language: str, as_json: bool) -> str:
    if language not in LANGUAGES:
        fail(Exit.USAGE, f"--language {language}: one of {', '.join(LANGUAGES)}", as_json=as_json)
    return language
