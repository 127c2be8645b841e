"""`pointstream db rebuild`: all that follows from the ledger's movements, computed again."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.intake import JOURNALS
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.pace import Pace
from libs.history.postgres import Rebuilt
from libs.history.postgres import rebuild as rebuild_days
from libs.ledger.postgres import START, MemberKey, count_members
from libs.ledger.postgres import rebuild as rebuild_range
from libs.runtime.clock import monotonic
from libs.segments.reading import look_again
from libs.sweeps.foreseen import forget

_PLACE = "rebuild.json"


def rebuild(
    data: DataOption = DEFAULT_DATA,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the last run stopped.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Make the days of members again instead, from receipts and activities.")
    ] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute balances, lots, debts and dates of all members again from the movements; safe beside running workers.

    With --history, what members did day by day is made again instead, from what stands of receipts and from decisions
    on activities: once a programme begins to ask for it; then everybody's segments are looked at again. Where nothing
    was wrong nothing changes. Ends with 6 when the movements themselves are broken; see `pointstream verify`.
    """
    connections = Connections(data, as_json, dsn)
    if history:
        _write_history(finished(lambda: _history(connections.dsn()), as_json=as_json), as_json)
        return
    path = connections.data / JOURNALS / _PLACE

    def place() -> MemberKey:
        try:
            tenant_id, programme_id, member_id = json.loads(path.read_text(encoding="utf-8"))
            return MemberKey(int(tenant_id), int(programme_id), UUID(member_id))
        except (OSError, ValueError, TypeError):
            return START

    async def work() -> tuple[int, int, float]:
        connection = await asyncpg.connect(connections.dsn())
        began, members, movements = monotonic(), 0, 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with screen.reporting() as news, news.step("Rebuild") as step:
                pace = Pace(step, "members", await count_members(connection))
                last = place() if resume else START
                while (done := await rebuild_range(connection, last)) is not None:
                    last, members, movements = done.last, members + done.members, movements + done.movements
                    path.write_text(json.dumps([*last[:2], str(last.member_id)]), encoding="utf-8")
                    pace.at(members)
                step.done(f"{members:,} members, {movements:,} movements")
            await forget(connection)
            path.unlink(missing_ok=True)
            return members, movements, monotonic() - began
        except asyncpg.CheckViolationError as error:
            fail(Exit.VIOLATIONS, f"the movements behind {last.member_id} are broken: {error}", as_json=as_json)
        finally:
            await connection.close()

    members, movements, seconds = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"members": members, "movements": movements, "seconds": round(seconds, 3)})
    else:
        screen.out().print(f"{members:,} members, {movements:,} movements in {seconds:.1f} s", markup=False)


async def _history(dsn: str) -> Rebuilt:
    connection = await asyncpg.connect(dsn)
    try:
        with screen.reporting() as news, news.step("Rebuild") as step:
            done = await rebuild_days(connection, lambda counted: step.progress(f"{counted:,} counted"))
            await look_again(connection)
            step.done(f"{done.counted:,} counted")
        return done
    finally:
        await connection.close()


def _write_history(done: Rebuilt, as_json: bool) -> None:
    if as_json:
        screen.write_json(done._asdict())
    else:
        told = f"{done.counted:,} receipts and activities, {done.taken_away:,} days taken away, {done.put:,} put"
        screen.out().print(told, markup=False)


def register(main: typer.Typer) -> None:
    """Add the command to the group `db` of the `pointstream` command line."""
    from cli.db import app

    app.command()(rebuild)
