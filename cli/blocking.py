"""`pointstream members block | unblock | blocked`: nothing of a blocked member's earns or pays."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, who
from cli.reinstate import members
from libs.blocks import postgres as blocks
from libs.blocks.postgres import Block
from libs.contracts.rejection import Rejection
from libs.segments.lists import entry_named
from libs.segments.reading import find
from libs.sweeps.tables import text as instant_text

_MOST = 1_000
WhyOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words.")]
NoteOption = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, in words.")]


def block(
    member: MemberArgument,
    reason: WhyOption,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Block a member: within five seconds no card of theirs earns or pays, and receipts wait until it is lifted."""
    if not 1 <= len(reason) <= _MOST:
        fail(Exit.USAGE, f"--reason: 1 to {_MOST} characters", as_json=as_json)
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work(at: AtProgramme) -> Block:
        whom = await _member(at, connections, member)
        return (await blocks.block(at.connection, at.programme[:2], whom, at.now, by=who(), reason=reason))[0]

    _show(work_at(connections, tenant, programme, work), as_json=as_json)


def unblock(
    member: MemberArgument,
    note: NoteOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift the block of a member. Receipts that came meanwhile are judged now, unless they were refused before."""
    if note is not None and not 1 <= len(note) <= _MOST:
        fail(Exit.USAGE, f"--note: 1 to {_MOST} characters", as_json=as_json)
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def work(at: AtProgramme) -> Block:
        whom = await _member(at, connections, member)
        lifted = await blocks.lift(at.connection, at.programme[:2], whom, at.now, by=who(), note=note)
        return lifted or fail(Exit.FAILED, "the member is not blocked", as_json=as_json)

    _show(work_at(connections, tenant, programme, work), as_json=as_json)


def blocked(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the members who are blocked, the last first: the newest 1,000."""

    async def work(at: AtProgramme) -> list[Block]:
        return await blocks.standing(at.connection, at.programme[:2])

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"blocks": [_told(each) for each in found]})
        return
    rows = [(str(each.member_id), instant_text(each.blocked_at), each.blocked_by, each.reason) for each in found]
    screen.write_table("Blocked members", rows, ("member", "since", "by", "reason"))


async def _member(at: AtProgramme, connections: Connections, member: str) -> UUID:
    as_json = connections.as_json
    entry = entry_named(member, connections.identifier_names())
    if isinstance(entry, Rejection):
        fail(Exit.USAGE, f"{member}: expected {entry.detail}", as_json=as_json)
    (found,) = await find(at.connection, at.programme[:2], [entry])
    return found or fail(Exit.FAILED, f"{at.programme.slug} has no such member", as_json=as_json)


def _told(one: Block) -> dict[str, Any]:
    return {
        "member_id": str(one.member_id),
        "number": one.number,
        "reason": one.reason,
        "blocked_at": instant_text(one.blocked_at),
        "blocked_by": one.blocked_by,
        "lifted_at": None if one.lifted_at is None else instant_text(one.lifted_at),
        "lifted_by": one.lifted_by,
        "note": one.note,
    }


def _show(one: Block, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_told(one))
    elif one.lifted_at is None:
        told = f"member {one.member_id} is blocked since {instant_text(one.blocked_at)}: {one.reason}"
        screen.out().print(told, markup=False)
    else:
        screen.out().print(f"member {one.member_id} is not blocked any more", markup=False)


def register(_main: typer.Typer) -> None:
    """Add the commands to `pointstream members`."""
    for command in (block, unblock, blocked):
        members.command()(command)
