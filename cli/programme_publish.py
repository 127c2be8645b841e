"""Publishing a programme from the command line: what it would do, doing it, and taking it back."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeAlias

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.loading import LoadedOption, until_loaded
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programme_screen import refuse_document, show_plan
from cli.programmes import Programme, ProgrammeOption, TenantOption, the_programme
from cli.publishing import who
from libs.programmes import postgres
from libs.programmes.consequences import instant_text
from libs.programmes.draft import Draft, read_draft
from libs.programmes.plan import Plan, PlanRefused, Wish
from libs.programmes.postgres import Publication, Where
from libs.programmes.telling import told_plan
from libs.programmes.versions import StoredVersion
from libs.promotions.document import ProgrammeInvalid
from libs.runtime.clock import parse_instant

FileArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The document, in YAML or JSON.")
]
AtOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help="From when on it counts (default: in five seconds, the soonest)."),
]
ExpectOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--expect", metavar="N", min=0, help="Refuse unless the latest version is N (0: there is none)."),
]
BeforeOption: TypeAlias = Annotated[
    bool, typer.Option("--before-waiting", help="Also when a version waits that will take its place.")
]
NoteOption: TypeAlias = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, in words.")]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

MakeDraft = Callable[[asyncpg.Connection, Where, datetime], Awaitable[Draft]]
_LONGEST_NOTE = 1_000


def read(file: Path, *, as_json: bool) -> Draft:
    """Read a document; ends the command when it is none."""
    try:
        return read_draft(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        fail(Exit.VIOLATIONS, f"{file}: it is not text in UTF-8", as_json=as_json)
    except ProgrammeInvalid as invalid:
        refuse_document(file, invalid, as_json=as_json)


def plan(
    file: FileArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    at: AtOption = None,
    expect: ExpectOption = None,
    before_waiting: BeforeOption = False,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 8 when there is something to change.")
    ] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what applying a document would change, field by field and in words. Nothing is done.

    Ends with 6 when the document has faults, with 9 when it was made for another version than the latest.
    """
    draft = read(file, as_json=as_json)
    wish = Wish(_instant(at, as_json), expect, before_waiting)
    call = _Call(Connections(data, as_json, dsn), tenant, programme, wish)

    async def given(*_: Any) -> Draft:
        return draft

    slug, planned = call.look(given, str(file))
    if as_json:
        screen.write_json({"programme": slug, **told_plan(planned)})
    else:
        show_plan(planned)
    if detailed and not planned.unchanged:
        raise typer.Exit(Exit.CHANGES)


def apply(
    file: FileArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    at: AtOption = None,
    expect: ExpectOption = None,
    before_waiting: BeforeOption = False,
    note: NoteOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: LoadedOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a document as the next version: `pointstream programme apply loyalty.yaml --note "double in May"`.

    Nothing restarts. What has happened before is judged by the version of its time. Applying the same document again
    does nothing. A document need not say its `version`; one that does is refused when somebody else has published.
    """
    draft = read(file, as_json=as_json)
    wish = Wish(_instant(at, as_json), expect, before_waiting)
    call = _Call(Connections(data, as_json, dsn), tenant, programme, wish)

    async def given(*_: Any) -> Draft:
        return draft

    call.publish(given, str(file), note, yes=yes, dry_run=dry_run, wait=wait)


def rollback(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    to: Annotated[
        int | None, typer.Option("--to", metavar="N", min=1, help="Which version (default: the one before).")
    ] = None,
    at: AtOption = None,
    expect: ExpectOption = None,
    before_waiting: BeforeOption = False,
    note: NoteOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: LoadedOption = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an earlier version's document up again, as a new version. What was judged meanwhile stays judged."""
    wish = Wish(_instant(at, as_json), expect, before_waiting)
    call = _Call(Connections(data, as_json, dsn), tenant, programme, wish)

    async def earlier(connection: asyncpg.Connection, where: Where, now: datetime) -> Draft:
        return await postgres.draft_to_restore(connection, where.key, to, now)

    call.publish(earlier, "the earlier version", note, yes=yes, dry_run=dry_run, wait=wait)


class _Call:
    """A command about one programme: the same way to look ahead and to publish, whatever the document comes from."""

    def __init__(self, connections: Connections, tenant: str | None, programme: str | None, wish: Wish) -> None:
        self._connections = connections
        self._tenant = tenant
        self._programme = programme
        self._wish = wish
        self._json = connections.as_json

    def look(self, make: MakeDraft, what: str) -> tuple[str, Plan]:
        """Return the programme's name, and the plan; ends the command when there is none."""

        async def work() -> tuple[str, Plan]:
            connection = await asyncpg.connect(self._connections.dsn())
            try:
                named = await the_programme(connection, self._tenant, self._programme, as_json=self._json)
                return named.slug, (await self._planned(connection, named, make, what))[1]
            finally:
                await connection.close()

        return finished(work, as_json=self._json)

    def publish(self, make: MakeDraft, what: str, note: str | None, *, yes: bool, dry_run: bool, wait: bool) -> None:
        """Show the plan, ask, publish what was shown, and say so."""
        if note is not None and not 1 <= len(note) <= _LONGEST_NOTE:
            fail(Exit.USAGE, f"a note has 1 to {_LONGEST_NOTE} characters", as_json=self._json)

        async def work() -> dict[str, Any]:
            connection = await asyncpg.connect(self._connections.dsn())
            try:
                named = await the_programme(connection, self._tenant, self._programme, as_json=self._json)
                head, planned = await self._planned(connection, named, make, what)
                told = {"programme": named.slug, "published": False, "workers": None, **told_plan(planned)}
                if not self._json:
                    show_plan(planned)
                if planned.unchanged or dry_run:
                    return told | {"dry_run": dry_run}
                self._ask(yes)
                stored = await self._add(connection, named, make, what, note, head)
                if not self._json:
                    screen.out().print(
                        f"published: version {stored.number} counts from {instant_text(stored.active_from)} on",
                        markup=False,
                    )
                told |= {"published": True, "version": stored.number, "hash": stored.hash}
                told["active_from"] = stored.active_from.isoformat()
                if wait:
                    told["workers"] = await until_loaded(connection)
                return told | {"dry_run": False}
            finally:
                await connection.close()

        told = finished(work, as_json=self._json)
        if self._json:
            screen.write_json(told)
        elif told["workers"]:
            screen.out().print(f"loaded by {', '.join(told['workers'])}", markup=False)

    async def _planned(
        self, connection: asyncpg.Connection, named: Programme, make: MakeDraft, what: str
    ) -> tuple[int, Plan]:
        where, now = _where(named), self._connections.clock().now()
        try:
            draft = await make(connection, where, now)
            versions, planned = await postgres.look_ahead(connection, where, draft, self._wish, now)
        except PlanRefused as refused:
            self._refuse(refused)
        except ProgrammeInvalid as invalid:
            refuse_document(what, invalid, as_json=self._json)
        return 0 if versions.head is None else versions.head.number, planned

    async def _add(
        self, connection: asyncpg.Connection, named: Programme, make: MakeDraft, what: str, note: str | None, head: int
    ) -> StoredVersion:
        """Publish what was shown: the latest version must still be the one that it was shown against."""
        where, wish = _where(named), Wish(self._wish.at, head, self._wish.before_waiting)
        try:
            async with connection.transaction():
                now = self._connections.clock().now()
                draft = await make(connection, where, now)
                return (await postgres.publish(connection, where, draft, wish, Publication(who(), now, note)))[1]
        except PlanRefused as refused:
            self._refuse(refused)
        except ProgrammeInvalid as invalid:
            refuse_document(what, invalid, as_json=self._json)

    def _ask(self, yes: bool) -> None:
        """Ask on a terminal; elsewhere nobody could answer."""
        if not yes and not self._json and sys.stdin.isatty() and not typer.confirm("Publish this?"):
            raise typer.Exit(Exit.FAILED)

    def _refuse(self, refused: PlanRefused) -> NoReturn:
        overtaken = refused.code in ("moved", "based-on-another")
        fail(Exit.OVERTAKEN if overtaken else Exit.FAILED, str(refused), as_json=self._json)


def _where(named: Programme) -> Where:
    return Where((named.tenant_id, named.programme_id), named.zone, named.currency)


def _instant(text: str | None, as_json: bool) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        fail(Exit.USAGE, f"--at: {error}", as_json=as_json)
