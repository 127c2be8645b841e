"""`pointstream sweep`: boundaries ahead, what lapses at one, and the sweeps that write it down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple, TypeVar

import asyncpg
import typer

from cli import screen
from cli.at_programme import work_at
from cli.boundary_report import by_ledger, show_report, told_report
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption
from cli.publishing import who
from libs.runtime.clock import monotonic, parse_instant
from libs.sweeps.calendar import Turn
from libs.sweeps.preview import Preview, SparedShare, preview_all, totals
from libs.sweeps.reading import SweepSeen, ask, load_sweeps, load_turns
from libs.sweeps.report import BoundaryReport

app = typer.Typer(help="Sweeps: what lapses at a boundary, and how it is written down.", no_args_is_help=True)
_T = TypeVar("_T")
_AHEAD = timedelta(days=800)
_LOOK = 0.5
BoundaryOption = Annotated[
    str | None,
    typer.Option("--boundary", metavar="INSTANT", help="Which one, as RFC 3339 (default: see the command)."),
]
WaitOption = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait at most.")]


class _Where(NamedTuple):
    connection: asyncpg.Connection
    programme: Programme
    now: datetime
    as_json: bool

    async def sweeps(self, most: int = 20) -> list[SweepSeen]:
        return await load_sweeps(self.connection, self.programme.tenant_id, self.programme.programme_id, most=most)

    async def one(self, boundary: datetime | None) -> SweepSeen:
        """The sweep at a boundary, or the earliest that is not over; ends the command when there is none."""
        found = [
            each
            for each in reversed(await self.sweeps(200))
            if each.boundary == boundary or (boundary is None and each.ended_at is None)
        ]
        if not found:
            what = "is not over" if boundary is None else f"has the boundary {_text(boundary)}"
            fail(Exit.FAILED, f"no sweep of {self.programme.slug} {what}", as_json=self.as_json)
        return found[0]

    async def coming(self) -> list[Turn]:
        return await load_turns(self.connection, self.programme[:2], self.now, self.now + _AHEAD)


def _work(
    connections: Connections, tenant: str | None, programme: str | None, work: Callable[[_Where], Awaitable[_T]]
) -> _T:
    return work_at(connections, tenant, programme, lambda at: work(_Where(*at, connections.as_json)))


@app.callback()
def _group() -> None:
    """Sweeps: what lapses at a boundary, and how it is written down."""


@app.command()
def plan(
    boundary: BoundaryOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the boundaries that come, and a dry run of one (default: the sweep that is not over, else the next).

    It says to the point what the sweep will write down, if nothing is earned or spent before; it changes nothing.
    """

    async def work(where: _Where) -> tuple[list[Turn], datetime, Preview]:
        coming = await where.coming()
        at = _instant(boundary, as_json)
        if at is None:
            waiting = [each.boundary for each in await where.sweeps() if each.ended_at is None]
            at = min([*waiting, *(turn.boundary.instant for turn in coming)], default=None)
        if at is None:
            fail(Exit.FAILED, f"points of {where.programme.slug} never lapse", as_json=as_json)
        async with where.connection.transaction(isolation="repeatable_read", readonly=True):
            return coming, at, await preview_all(where.connection, where.programme[:2], at)

    coming, at, (shares, spared) = _work(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(
            {
                "boundary": _text(at),
                "shares": [share._asdict() for share in shares],
                "totals": [total._asdict() for total in totals(shares)],
                "spared": [share._asdict() for share in spared],
                "coming": [_told_turn(turn) for turn in coming],
            }
        )
        return
    rows = [(_text(each.boundary.instant), str(each.boundary.local_date), ", ".join(each.wallets)) for each in coming]
    screen.write_table("Boundaries ahead", rows[:12], ("instant", "last day", "wallets"))
    lines = [
        (share.wallet, share.tier or "", f"{share.members:,}", f"{share.lots:,}", f"{share.points:,}")
        for share in shares
    ]
    whole = totals(shares)
    lines += [(one.wallet, "all", f"{one.members:,}", f"{one.lots:,}", f"{one.points:,}") for one in whole]
    screen.write_table(f"What lapses at {_text(at)}", lines, ("wallet", "tier", "members", "lots", "points"))
    _write_spared("What is spared", spared)


@app.command()
def status(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sweeps, the newest boundary first, and how far each is."""

    async def work(where: _Where) -> list[SweepSeen]:
        return await where.sweeps()

    found = _work(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"sweeps": [_told(each) for each in found]})
        return
    rows = [
        (
            *(_text(each.boundary), each.state, f"{each.members_done:,} of {each.members:,}"),
            ", ".join(f"{total.points:,} {total.wallet}" for total in each.done),
        )
        for each in found
    ]
    screen.write_table("Sweeps", rows, ("boundary", "state", "members", "written down"))


@app.command()
def report(
    boundary: BoundaryOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a sweep was announced with, what it wrote down, and all that the ledger says of its boundary.

    Default: the last one over, else the earliest that is not.
    """

    async def work(where: _Where) -> tuple[SweepSeen, BoundaryReport]:
        at = _instant(boundary, as_json)
        over = [each for each in await where.sweeps() if each.ended_at is not None]
        seen = over[0] if at is None and over else await where.one(at)
        return seen, await by_ledger(where.connection, where.programme[:2], seen.boundary)

    found, ledger = _work(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(_told(found) | {"ledger": told_report(ledger)})
        return
    parts = (("announced", totals(found.preview)), ("written down", found.done), ("lapsed in all", found.lapsed or ()))
    rows = [
        (name, each.wallet, f"{each.members:,}", f"{each.lots:,}", f"{each.points:,}")
        for name, some in parts
        for each in some
    ]
    title = f"{_text(found.boundary)}: {found.state}"
    screen.write_table(title, rows, ("", "wallet", "members", "lots", "points"))
    _write_spared("Spared", found.spared if found.waived is None else found.waived)
    show_report(ledger)


@app.command()
def run(
    boundary: BoundaryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would lapse; see `sweep plan`.")] = False,
    timeout: WaitOption = 600.0,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the sweep of a boundary that is past, or follow it where it runs already, until it is over.

    Sweeps start by themselves unless the service is told otherwise. Ctrl-C stops the looking, not the sweep.
    """
    if dry_run:
        plan(boundary, data, tenant, programme, dsn, as_json)
        return

    async def work(where: _Where) -> SweepSeen:
        seen = await where.one(_instant(boundary, as_json))
        if seen.state == "announced" and not await ask(
            where.connection, where.programme.tenant_id, seen.sweep_id, "run", where.now, who()
        ):
            fail(Exit.FAILED, f"the boundary {_text(seen.boundary)} is still ahead", as_json=as_json)
        until = monotonic() + timeout
        with screen.reporting() as news, news.step("Sweep") as step:
            while seen.ended_at is None:
                if seen.state == "awaiting_approval":
                    fail(Exit.FAILED, "somebody has to agree to it: `pointstream sweep approve`", as_json=as_json)
                if seen.state == "paused":
                    fail(Exit.FAILED, "the sweep rests; `pointstream sweep resume` lets it go on", as_json=as_json)
                if monotonic() > until:
                    fail(Exit.TIMED_OUT, f"the sweep is still {seen.state}", as_json=as_json)
                await asyncio.sleep(_LOOK)
                seen = await where.one(seen.boundary)
                step.progress(seen.state, seen.members_done, seen.members)
            step.done(f"{seen.members_done:,} members")
        return seen

    found = _work(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json(_told(found))
        return
    told = ", ".join(f"{each.points:,} {each.wallet}" for each in found.done) or "nothing"
    screen.out().print(f"{_text(found.boundary)} {found.state}: {told} lapsed", markup=False)


def _asking(what: str, does: str) -> None:
    def command(
        boundary: BoundaryOption = None,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        dsn: DsnOption = None,
        as_json: JsonOption = False,
    ) -> None:
        async def work(where: _Where) -> SweepSeen:
            seen = await where.one(_instant(boundary, as_json))
            if not await ask(where.connection, where.programme.tenant_id, seen.sweep_id, what, where.now, who()):
                own = what == "approve" and seen.state == "awaiting_approval"
                second = "somebody else has to agree than who published the version in force"
                why = second if own else f"the sweep is {seen.state}"
                fail(Exit.FAILED, why, as_json=as_json)
            return seen

        found = _work(Connections(data, as_json, dsn), tenant, programme, work)
        if as_json:
            screen.write_json({"boundary": _text(found.boundary), "state": found.state, "asked": what})
        else:
            screen.out().print(f"asked; {_text(found.boundary)} was {found.state}", markup=False)

    command.__doc__ = f"{does} (default: the earliest that is not over). The service does it within a second or two."
    app.command(what)(command)


_asking("pause", "Let a sweep rest after the step in hand")
_asking("resume", "Let a sweep go on that rests")
_asking("approve", "Agree to a sweep that waits for a second person")
_asking("refuse", "Refuse a sweep that waits for a second person: it is called off")
_asking("cancel", "Call a sweep off: what lapsed stays lapsed, and the next sweep writes it down")


def _instant(text: str | None, as_json: bool) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        fail(Exit.USAGE, f"--boundary: {error}", as_json=as_json)


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _told_turn(turn: Turn) -> dict[str, Any]:
    about = turn.boundary
    return {
        "instant": _text(about.instant),
        "local_date": about.local_date.isoformat(),
        "zone": about.zone,
        "tzdata": about.tzdata,
        "wallets": list(turn.wallets),
    }


def _write_spared(title: str, spared: Sequence[SparedShare]) -> None:
    """Show what does not lapse, by what spares it; nothing where nothing does."""
    rows = [
        (
            *(each.wallet, each.tier or "", f"{each.spared_by} {each.spared_as}"),
            *(f"{each.members:,}", f"{each.lots:,}", f"{each.points:,}"),
        )
        for each in spared
    ]
    if rows:
        screen.write_table(title, rows, ("wallet", "tier", "by", "members", "lots", "points"))


def _told(seen: SweepSeen) -> dict[str, Any]:
    return {
        "sweep_id": str(seen.sweep_id),
        "programme": seen.programme,
        "boundary": _text(seen.boundary),
        "local_date": seen.local_date.isoformat(),
        "zone": seen.zone,
        "tzdata": seen.tzdata,
        "wallets": list(seen.wallets),
        "state": seen.state,
        "asked": seen.asked,
        "preview": [share._asdict() for share in seen.preview],
        "done": [total._asdict() for total in seen.done],
        "lapsed": None if seen.lapsed is None else [total._asdict() for total in seen.lapsed],
        "preview_spared": [share._asdict() for share in seen.spared],
        "spared": None if seen.waived is None else [share._asdict() for share in seen.waived],
        "members": seen.members,
        "members_done": seen.members_done,
        "approved_by": seen.approved_by,
        "started_at": None if seen.started_at is None else _text(seen.started_at),
        "ended_at": None if seen.ended_at is None else _text(seen.ended_at),
    }


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="sweep")
