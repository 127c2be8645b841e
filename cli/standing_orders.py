"""`pointstream standing-orders`: rewards that are redeemed by themselves once a member's points for them are there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import asyncpg
import msgspec
import typer

from cli import screen
from cli.catalogue import ReferenceArgument
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member, who
from cli.redemption_door import RedemptionOption, Where, ask
from libs.catalogue import postgres as catalogue
from libs.catalogue.rows import MemberName
from libs.catalogue.standing import StandingOrder, Wish, asks_nothing
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import PATH, Ask

app = typer.Typer(help="Rewards that are redeemed by themselves once the points are there.", no_args_is_help=True)
_COLUMNS = ("reference", "at_points", "repeats", "is_on", "done", "done_at", "barred")


class _Found(NamedTuple):
    """The member that a command is about."""

    connection: asyncpg.Connection
    connections: Connections
    name: MemberName
    now: datetime


@app.callback()
def _group() -> None:
    """Rewards that are redeemed by themselves once the points are there."""


@app.command("list")
def list_orders(
    member: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the standing orders of a member: what each has ordered, and what bars it."""
    where = Where(data, tenant, programme, None, dsn, seal_key_file, as_json)

    async def work(at: _Found) -> list[StandingOrder]:
        return await catalogue.load_standing_orders(at.connection, at.name)

    found = [msgspec.to_builtins(each) for each in _at(where, member, work)]
    if as_json:
        screen.write_json({"standing_orders": found})
        return
    rows = [["" if each[name] is None else str(each[name]) for name in _COLUMNS] for each in found]
    screen.write_table("Standing orders", rows, _COLUMNS)


@app.command("on")
def switch_on(
    member: MemberArgument,
    reference: ReferenceArgument,
    at_points: Annotated[int, typer.Option("--at", metavar="POINTS", min=1, help="Once so many may be spent.")],
    repeats: Annotated[bool, typer.Option("--repeats", help="Each time they are there, instead of once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do now; nothing is changed.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let so many points become a reward once they are there: `pointstream standing-orders on card:17 song --at 9`."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)

    async def work(at: _Found) -> dict[str, Any]:
        kept = await catalogue.load_reward(at.connection, at.name[:2], reference)
        if kept is None or not asks_nothing(kept.reward):
            why = "there is no such reward" if kept is None else "an order of it asks for answers"
            fail(Exit.FAILED, f"{reference}: {why}", as_json=as_json)
        told = {"reference": reference, "at_points": at_points, "repeats": repeats, "on": not dry_run}
        if dry_run:
            return told | await _quoted(at, where, reference, at_points)
        await catalogue.put_standing_order(at.connection, at.name, reference, Wish(at_points, repeats), at.now, who())
        return told

    _show(_at(where, member, work), as_json=as_json)


@app.command("off")
def switch_off(
    member: MemberArgument,
    reference: ReferenceArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redeem a reward by itself no more; what was ordered stays."""
    where = Where(data, tenant, programme, None, dsn, seal_key_file, as_json)

    async def work(at: _Found) -> dict[str, Any]:
        if not await catalogue.stop_standing_order(at.connection, at.name, reference, at.now, who()):
            fail(Exit.FAILED, f"no standing order for {reference} is on", as_json=as_json)
        return {"reference": reference, "on": False}

    _show(_at(where, member, work), as_json=as_json)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="standing-orders")


def _at(where: Where, member: str, work: Callable[[_Found], Awaitable[Any]]) -> Any:
    """Do some work about a member; ends the command when it is nobody."""
    connections = where.connections

    async def all_of_it() -> Any:
        connection = await asyncpg.connect(connections.dsn())
        try:
            found, member_id = await the_member(connection, connections, member, where.tenant, where.programme)
            name = (found.tenant_id, found.programme_id, member_id)
            return await work(_Found(connection, connections, name, connections.clock().now()))
        finally:
            await connection.close()

    return finished(all_of_it, as_json=where.as_json)


async def _quoted(at: _Found, where: Where, reference: str, at_points: int) -> dict[str, Any]:
    """What would become of it now, as redemption quotes the reward."""
    tenant, programme, member_id = at.name
    asked = Ask(
        "quote", tenant, f"command:{who()}", programme_id=programme, member_id=member_id,
        order=OrderAsk(reward=reference, quantity=1),
    )  # fmt: skip
    told = await ask(at.connections, where.redemption, PATH, asked)
    waits = told["reason"] in ("insufficient-points", "in-debt") or (told["possible"] and told["spendable"] < at_points)
    now = "wait" if waits else "redeem" if told["possible"] else "barred"
    return {"now": now, "reason": told["reason"], "price": told["points"], "spendable": told["spendable"]}


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.write_json(told)
        return
    screen.write_table("The standing order", [(name, "" if each is None else str(each)) for name, each in told.items()])
