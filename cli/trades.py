"""`pointstream trades`: points of a member are bought, exchanged with another programme, donated, or lent."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import asyncpg
import msgspec
import typer

from cli import screen
from cli.connections import DsnOption, SealOption
from cli.failures import finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member
from cli.redemption_door import KeyOption, RedemptionOption, Where, ask, request
from libs.contracts.redemption import PATH, Ask, Operation
from libs.contracts.trades import LoanQuote, TradeAsk, TradeOperation, TradeView

app = typer.Typer(help="Points for money, for points elsewhere, for charities, and on loan.", no_args_is_help=True)
PointsArgument: TypeAlias = Annotated[
    int, typer.Argument(metavar="POINTS", min=1, help="How many, in the wallet's minor unit.")
]
ReferenceOption: TypeAlias = Annotated[
    str | None, typer.Option("--reference", metavar="TEXT", help="What you call it: it is kept and shown.")
]
PaymentOption: TypeAlias = Annotated[
    str | None, typer.Option("--payment", metavar="TEXT", help="How whoever took the other side calls it.")
]
_SHOWN = tuple(TradeView.model_fields)


@app.callback()
def _group() -> None:
    """Points for money, for points elsewhere, for charities, and on loan."""


@app.command()
def buy(
    member: MemberArgument,
    points: PointsArgument,
    paid: Annotated[int, typer.Option("--paid", min=1, help="What was paid, in minor units: the price.")],
    currency: Annotated[str | None, typer.Option("--currency", metavar="ISO", help="Its currency.")] = None,
    payment: PaymentOption = None,
    reference: ReferenceOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a member points that were paid for: `pointstream trades buy card:17 1000 --paid 1200 --key shop/991`."""
    told = TradeAsk(paid_minor=paid, payment=payment)
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _trade(
        where, "buy", member, key, told, points=points, reference=reference,
        currency=currency,
    )  # fmt: skip


@app.command()
def exchange(
    member: MemberArgument,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The other programme.")],
    points: Annotated[int | None, typer.Option("--points", min=1, help="So many points leave.")] = None,
    units: Annotated[int | None, typer.Option("--units", min=1, help="So many of its units come in.")] = None,
    payment: PaymentOption = None,
    reference: ReferenceOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Exchange points: `pointstream trades exchange card:17 skymiles --points 1000`; `--units` lets some in."""
    if (points is None) == (units is None):
        raise typer.BadParameter("say either --points, which leave, or --units, which come in")
    told = TradeAsk(partner=partner, units=units, payment=payment)
    way: TradeOperation = "exchange_in" if points is None else "exchange_out"
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _trade(where, way, member, key, told, points=points, reference=reference)


@app.command()
def donate(
    member: MemberArgument,
    points: PointsArgument,
    charity: Annotated[str | None, typer.Option("--charity", metavar="NAME", help="Whom to.")] = None,
    pool: Annotated[str | None, typer.Option("--pool", metavar="NAME", help="Or to which campaign.")] = None,
    reference: ReferenceOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Donate a member's points: `pointstream trades donate card:17 500 --charity reef`."""
    if charity is None and pool is None:
        raise typer.BadParameter("say whom to with --charity or --pool")
    told = TradeAsk(charity=charity, pool=pool)
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _trade(where, "donate", member, key, told, points=points, reference=reference)


@app.command()
def borrow(
    member: MemberArgument,
    points: PointsArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would be; nothing is lent.")] = False,
    reference: ReferenceOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lend a member points, which later credits repay: `pointstream trades borrow card:17 500 --dry-run`."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _trade(where, "quote" if dry_run else "lend", member, key, TradeAsk(), points=points, reference=reference)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="trades")


def _trade(where: Where, operation: Operation, member: str, key: str | None, told: TradeAsk, **more: Any) -> None:
    """Ask redemption, and tell what it answers; ends the command when that is a refusal."""
    connections = where.connections

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            found, member_id = await the_member(connection, connections, member, where.tenant, where.programme)
        finally:
            await connection.close()
        asked = Ask(
            operation,
            **request(found.tenant_id, msgspec.to_builtins((operation, member_id, told, more)), key),
            programme_id=found.programme_id,
            member_id=member_id,
            trade=told,
            **more,
        )
        return await ask(connections, where.redemption, PATH, asked)

    made = finished(work, as_json=where.as_json)
    if where.as_json:
        screen.write_json(made)
        return
    if operation == "quote":
        screen.write_table("The loan", [(name, str(made[name])) for name in LoanQuote.model_fields])
        return
    rows = [(name, str(made["trade"][name] or "")) for name in _SHOWN]
    screen.write_table("The trade", [("redemption_id", made["redemption_id"]), *rows])
