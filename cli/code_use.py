"""What becomes of one code at the command line: shown, validated, redeemed, made void."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypeAlias

import typer

from cli import code_pools, screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.redemption_door import KeyOption, RedemptionOption, Where, ask_about
from libs.codes import postgres as store
from libs.codes.rules import Order
from libs.contracts.codes import PATH, CodeAsk, Operation

CodeArgument: TypeAlias = Annotated[str, typer.Argument(metavar="CODE", help="A code, as it is typed.")]
MemberOption: TypeAlias = Annotated[
    str | None, typer.Option("--member", metavar="MEMBER", help="A member id, or an identifier such as card:17.")
]
TotalOption: TypeAlias = Annotated[int, typer.Option("--total", min=0, help="What is to pay, in minor units.")]
CurrencyOption: TypeAlias = Annotated[str | None, typer.Option("--currency", metavar="ISO", help="Its currency.")]
StoreOption: TypeAlias = Annotated[str | None, typer.Option("--store", metavar="STORE", help="The store.")]
_OF_CODE = (
    "code_id", "pool", "kind", "state", "uses", "member_id", "expires_at", "created_at", "assigned_at", "published_at",
    "redeemed_at", "voided_at",
)  # fmt: skip


def show(
    code: CodeArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a code and what became of it."""

    async def work() -> dict[str, Any]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            code_id = at.keeper.names.of(at.scope[0], code)
            row = await at.connection.fetchrow(store.QUERIES["code"], at.scope[0], code_id)
            if row is None:
                fail(Exit.FAILED, "there is no such code", as_json=as_json)
            uses = await at.connection.fetch(store.QUERIES["uses_of_code"], at.scope[0], code_id)
            told = {name: plain(row[name]) for name in _OF_CODE}
            text = at.keeper.open(at.scope[0], code_id, row["sealed"])
            return {**told, "code": text, "redemptions": [{k: plain(v) for k, v in use.items()} for use in uses]}

    told = finished(work, as_json=as_json)
    if as_json:
        screen.write_json(told)
        return
    screen.write_table(told["code"], [(name, str(told[name] or "")) for name in _OF_CODE])
    if told["redemptions"]:
        columns = tuple(told["redemptions"][0])
        lines = [tuple(str(use[name] or "") for name in columns) for use in told["redemptions"]]
        screen.write_table("Redemptions", lines, columns)


def validate(
    code: CodeArgument,
    member: MemberOption = None,
    total: TotalOption = 0,
    currency: CurrencyOption = None,
    shop: StoreOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a code counts, and every reason against it; ends with 1 when it does not."""
    told = _ask(
        Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json),
        "validate", None, member, code=code, order=Order(total, currency, shop),
    )  # fmt: skip
    if as_json:
        screen.write_json(told)
    elif told["valid"]:
        off = "" if told["discount_minor"] is None else f", takes {told['discount_minor']} minor units off"
        screen.out().print(f"it counts{off}", markup=False)
    else:
        for reason in told["reasons"]:
            screen.out().print(f"{reason['code']}: {reason['detail']}", markup=False)
    if not told["valid"]:
        raise typer.Exit(Exit.FAILED)


def redeem(
    code: CodeArgument,
    member: MemberOption = None,
    total: TotalOption = 0,
    currency: CurrencyOption = None,
    shop: StoreOption = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What you call the order.")
    ] = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redeem a code, as a till would."""
    told = _ask(
        Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json),
        "redeem", key, member, code=code, order=Order(total, currency, shop), reference=reference,
    )  # fmt: skip
    say(told, f"redeemed: {told['use_id']}", as_json=as_json)


def void(
    code: CodeArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a code never count again."""
    told = _ask(
        Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json), "void", None, None, code=code
    )  # fmt: skip
    say(told, "the code is void", as_json=as_json)


def _ask(where: Where, operation: Operation, key: str | None, member: str | None, **told: Any) -> dict[str, Any]:
    return ask_about(where, PATH, partial(CodeAsk, operation), told, key=key, member=member)


def say(told: dict[str, Any], words: str, *, as_json: bool) -> None:
    """Say what came of it."""
    if as_json:
        screen.write_json(told)
    else:
        screen.out().print(words, markup=False)


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return value if value is None or isinstance(value, int | str) else str(value)


def register(app: typer.Typer) -> None:
    """Add the commands to those about codes."""
    for command in (show, validate, redeem, void):
        app.command()(command)
