"""`pointstream members reinstate`, `pointstream reinstatements`: lapsed points that come back, and who agrees to it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple
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
from cli.reinstatement_rows import FileHasFaults, wishes_of_file
from libs.contracts.mapping_values import Misfit, as_minor_units
from libs.contracts.rejection import Rejection
from libs.intake.rows import FileUnreadable
from libs.runtime.clock import monotonic, parse_instant
from libs.runtime.keys import event_key
from libs.segments.lists import entry_named
from libs.segments.reading import find
from libs.sweeps import reinstating
from libs.sweeps.reinstating import Asking, CannotReinstate, Plan, Seen, Share, Wish
from libs.sweeps.tables import text as instant_text

members = typer.Typer(help="Members: what is done for one, or for many at once.", no_args_is_help=True)
requests = typer.Typer(help="Requests to give back what lapsed: look, agree, refuse.", no_args_is_help=True)
_LOOK = 0.5
_UNTIL_DONE = 600.0
_SHOWN = 20
ReasonOption = Annotated[str, typer.Option("--reason", metavar="CODE", help="Why, as a code: goodwill, app-outage, …")]
MemberArgument = Annotated[
    str | None, typer.Argument(metavar="MEMBER", help="A member id, or an identifier such as card:17.")
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        exists=True,
        dir_okay=False,
        help="CSV with a column member_id, card, phone, email or the like, and points if not all.",
    ),
]
PointsOption = Annotated[str | None, typer.Option("--points", help="How many (default: all that lapsed).")]
BoundaryOption = Annotated[
    str | None,
    typer.Option("--boundary", metavar="INSTANT", help="What lapsed at this one (default: in the whole window)."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="INSTANT", help="The new date (default: the next boundary).")
]
IdOption = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="Names the request: under the same name it counts once.")
]
IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The request's id.")]


class _Done(NamedTuple):
    plan: Plan | None
    seen: Seen | None


@members.callback()
def _members() -> None:
    """Members: what is done for one, or for many at once."""


@requests.callback()
def _requests() -> None:
    """Requests to give back what lapsed: look, agree, refuse."""


@members.command()
def reinstate(
    reason: ReasonOption,
    member: MemberArgument = None,
    file: FileOption = None,
    points: PointsOption = None,
    wallet: Annotated[str | None, typer.Option("--wallet", metavar="NAME", help="Of which wallet.")] = None,
    boundary: BoundaryOption = None,
    until: UntilOption = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, in words.")] = None,
    name: IdOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come back, and change nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it has come back.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give back what lapsed, to one member or to those of a file, with a new date.

    Only what lapsed within the programme's window comes back, within its limits and once. Above the programme's amount
    it waits until somebody else agrees: `pointstream reinstatements approve`. Ends with 1 when nothing can come back.
    """
    connections = Connections(data, as_json, dsn, None, seal_key_file)
    if (member is None) is (file is None):
        fail(Exit.USAGE, "name a member, or a file with --file", as_json=as_json)
    spoken = (member, file and sha256(file.read_bytes()).hexdigest(), points, wallet, boundary, until, reason, note)

    async def work(where: Where) -> _Done:
        wishes = await _wishes(where, member, file, points, wallet)
        at, later = _instant(boundary, as_json), _instant(until, as_json)
        asking = Asking(wishes, wallet, at, later, reason, note, who())
        document = where.found.compiled.source
        try:
            if not dry_run:
                return _Done(None, await _ask(where, name, repr(spoken).encode(), asking, wait=wait))
            first = document.wallets[0].name
            now, rules = where.now, document.reinstatement
            return _Done(await reinstating.plan(where.connection, where.scope, rules, first, asking, now), None)
        except CannotReinstate as cannot:
            fail(Exit.FAILED, f"{cannot} ({cannot.why})", as_json=as_json)

    done = work_on(connections, tenant, programme, work)
    if done.plan is not None:
        _show_plan(done.plan, as_json=as_json)
    elif done.seen is not None:
        _show(done.seen, as_json=as_json)


async def _ask(where: Where, name: str | None, spoken: bytes, asking: Asking, *, wait: bool) -> Seen:
    """Store the request, unless it is known by its name, and with `wait` follow it."""
    connection, tenant_id = where.connection, where.programme.tenant_id
    request = UUID(str(event_key(where.programme.source("cli"), name))) if name else uuid4()
    digest = sha256(spoken).digest()
    document = where.found.compiled.source
    async with connection.transaction():
        if not await reinstating.is_known(connection, where.scope, request, digest):
            first = document.wallets[0].name
            plan = await reinstating.plan(connection, where.scope, document.reinstatement, first, asking, where.now)
            await reinstating.ask(connection, where.scope, (request, digest), asking, plan, where.now)
    seen = await reinstating.load_one(connection, tenant_id, request)
    assert seen is not None, "it was stored just now"
    return await _followed(where, seen) if wait else seen


async def _followed(where: Where, seen: Seen) -> Seen:
    """The request once all of it is decided, or waits for a person."""
    until = monotonic() + _UNTIL_DONE
    with screen.reporting() as news, news.step("Reinstatement") as step:
        while (
            seen.state in ("approved", "sent") and (seen.returned_points or 0) < seen.points and not seen.refused_shares
        ):
            if monotonic() > until:
                fail(Exit.TIMED_OUT, "it is under way still", as_json=where.connections.as_json)
            await asyncio.sleep(_LOOK)
            again = await reinstating.load_one(where.connection, where.programme.tenant_id, seen.reinstatement_id)
            assert again is not None, "requests are kept"
            seen = again
            step.progress("points", seen.returned_points or 0, seen.points)
        step.done(f"{seen.returned_points or 0:,} points")
    return seen


async def _wishes(
    where: Where, member: str | None, file: Path | None, points: str | None, wallet: str | None
) -> list[Wish]:
    as_json, names = where.connections.as_json, where.connections.identifier_names()
    wallets = {each.name: each.scale for each in where.found.compiled.source.wallets}
    if wallet is not None and wallet not in wallets:
        fail(Exit.USAGE, f"{where.programme.slug} has no wallet {wallet}: {', '.join(wallets)}", as_json=as_json)
    scale = wallets[wallet or next(iter(wallets))]
    wanted = None
    if points is not None:
        try:
            wanted = as_minor_units(points, scale, ".")
        except Misfit as misfit:
            fail(Exit.USAGE, f"--points {points}: expected {misfit}", as_json=as_json)
        if wanted <= 0:
            fail(Exit.USAGE, "--points: more than 0", as_json=as_json)
    if file is not None:
        try:
            return await wishes_of_file(where.connection, where.scope, file, names, scale, wanted)
        except (FileHasFaults, FileUnreadable) as error:
            fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)
    entry = entry_named(member or "", names)
    if isinstance(entry, Rejection):
        fail(Exit.USAGE, f"{member}: expected {entry.detail}", as_json=as_json)
    (found,) = await find(where.connection, where.scope, [entry])
    if found is None:
        fail(Exit.FAILED, f"{where.programme.slug} has no such member", as_json=as_json)
    return [Wish(found, wanted)]


@requests.command("list")
def list_requests(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that somebody has to agree to.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show requests to give back what lapsed, the newest first."""

    async def work(where: Where) -> list[Seen]:
        states = ["awaiting_approval"] if waiting else None
        return await reinstating.load(where.connection, *where.scope, states=states)

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"requests": [_told(each) for each in found]})
        return
    rows = [
        (str(each.reinstatement_id), each.state, f"{each.members:,}", f"{each.points:,}", each.reason, each.asked_by)
        for each in found
    ]
    screen.write_table("Requests", rows, ("id", "state", "members", "points", "reason", "asked by"))


@requests.command()
def show(
    request: IdArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a request stands, and what has come back."""

    async def work(where: Where) -> Seen:
        seen = await reinstating.load_one(where.connection, where.programme.tenant_id, request)
        return seen or fail(Exit.FAILED, "there is no such request", as_json=as_json)

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


def _deciding(what: str, does: str, *, approve: bool) -> None:
    def command(
        request: IdArgument,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        dsn: DsnOption = None,
        as_json: JsonOption = False,
    ) -> None:
        async def work(where: Where) -> Seen:
            connection, tenant_id = where.connection, where.programme.tenant_id
            done = await reinstating.decide(connection, tenant_id, request, approve=approve, by=who(), now=where.now)
            if done != "done":
                fail(Exit.FAILED, _REFUSALS[done], as_json=as_json)
            seen = await reinstating.load_one(connection, tenant_id, request)
            assert seen is not None, "it was decided just now"
            return seen

        _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)

    command.__doc__ = f"{does}. Who asked for it can not."
    requests.command(what)(command)


_REFUSALS = {
    "unknown": "there is no such request",
    "own": "you asked for it yourself; somebody else decides",
    "otherwise": "it is decided already",
}
_deciding("approve", "Agree to a request", approve=True)
_deciding("refuse", "Refuse a request", approve=False)


def _counted(count: int) -> str:
    return "1 member" if count == 1 else f"{count:,} members"


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(
            {
                "lapsed_after": instant_text(plan.lapsed_after),
                "lapsed_until": instant_text(plan.lapsed_until),
                "points": plan.points,
                "needs_approval": plan.needs_approval,
                "shares": [
                    {**share._asdict(), "member_id": str(share.member_id), "goes_to": _survivor(plan, share)}
                    for share in plan.shares
                ],
                "left_out": [{"member_id": str(member_id), "why": why} for member_id, why in plan.left_out],
            }
        )
    else:
        rows = [
            (str(share.member_id), share.wallet, f"{share.points:,}", _survivor(plan, share) or "")
            for share in plan.shares[:_SHOWN]
        ]
        rows += [(str(member_id), "", why, "") for member_id, why in plan.left_out[:_SHOWN]]
        then = "; somebody else has to agree" if plan.needs_approval else ""
        whose = _counted(len({share.member_id for share in plan.shares}))
        title = f"Would come back: {plan.points:,} points for {whose}{then}"
        screen.write_table(title, rows, ("member", "wallet", "points, or why none", "merged into, who gets them"))
    if not plan.shares:
        raise typer.Exit(Exit.FAILED)


def _survivor(plan: Plan, share: Share) -> str | None:
    """Who gets a share, where its member was merged into somebody."""
    found = plan.survivors.get(share.member_id)
    return None if found is None else str(found)


def _show(seen: Seen, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_told(seen))
    else:
        came = "" if seen.returned_points is None else f", {seen.returned_points:,} have come back"
        refused = f", {seen.refused_shares:,} shares could not" if seen.refused_shares else ""
        screen.out().print(
            f"{seen.reinstatement_id} {seen.state}: {seen.points:,} points for {_counted(seen.members)}{came}{refused}",
            markup=False,
        )
    if seen.refused_shares:
        raise typer.Exit(Exit.FAILED)


def _told(seen: Seen) -> dict[str, Any]:
    return {
        name: instant_text(each) if isinstance(each, datetime) else str(each) if isinstance(each, UUID) else each
        for name, each in seen._asdict().items()
    }


def _instant(text: str | None, as_json: bool) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        fail(Exit.USAGE, f"{text}: {error}", as_json=as_json)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(members, name="members")
    main.add_typer(requests, name="reinstatements")
