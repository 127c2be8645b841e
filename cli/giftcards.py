"""`pointstream giftcards`: cards are issued, shown, used, topped up, moved, paid out; statement and what is owed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import typer

from cli import code_pools, screen
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import DryRunOption
from cli.redemption_door import KeyOption, RedemptionOption, Where, ask_about
from libs.contracts.gift_cards import PATH, CardAsk, Operation
from libs.gift_cards import decide
from libs.gift_cards import postgres as cards
from libs.gift_cards.jurisdictions import newest
from libs.gift_cards.model import GiftCard
from libs.runtime.clock import parse_instant

app = typer.Typer(help="Gift cards: money for somebody else to spend.", no_args_is_help=True)
CardArgument: TypeAlias = Annotated[str, typer.Argument(metavar="CARD", help="Its number as it is typed, or its id.")]
AmountOption: TypeAlias = Annotated[int, typer.Option("--amount", min=1, help="How much, in minor units.")]
ReferenceOption: TypeAlias = Annotated[
    str | None, typer.Option("--reference", metavar="TEXT", help="What you call it: it is kept and shown.")
]
MemberOption: TypeAlias = Annotated[
    str | None, typer.Option("--member", metavar="MEMBER", help="A member id, or an identifier such as card:17.")
]
_SHOWN = (
    "card_id",
    "balance_minor",
    "initial_minor",
    "currency",
    "state",
    "law",
    "expires_at",
    "issued_at",
    "member_id",
)
_ENTRY = ("seq", "kind", "amount_minor", "balance_minor", "at", "reference")
_OWED = ("programme", "currency", "law", "cards", "outstanding_minor", "sold_minor", "granted_minor", "spent_minor",
         "cashed_out_minor", "expired_minor")  # fmt: skip
_MOST_ENTRIES = 1_000


@app.callback()
def _group() -> None:
    """Gift cards: money for somebody else to spend."""


@app.command()
def issue(
    amount: AmountOption,
    currency: Annotated[str, typer.Option("--currency", metavar="ISO", help="The card's currency.")],
    law: Annotated[str, typer.Option("--law", metavar="CODE", help="Where it is sold, such as US-CA.")] = "none",
    expires: Annotated[str | None, typer.Option("--expires", metavar="INSTANT", help="When it lapses.")] = None,
    given: Annotated[bool, typer.Option("--given", help="Nobody pays for it.")] = False,
    many: Annotated[int, typer.Option("--count", min=1, max=100_000, help="So many alike.")] = 1,
    member: MemberOption = None,
    reference: ReferenceOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dry_run: DryRunOption = False,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue cards and show their numbers, which are shown at no other time."""
    ends = _instant(expires, as_json=as_json)
    told: dict[str, Any] = {
        "amount_minor": amount, "currency": currency, "law": law, "expires_at": ends, "paid": not given,
        "reference": reference,
    }  # fmt: skip
    if dry_run:
        _try(told, Connections(data, as_json, dsn, None, seal_key_file))
        return
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    made = []
    with screen.reporting() as report, report.step("Gift cards") as step:
        for number in range(many):
            named = None if key is None else f"{key}/{number}"
            made.append(_ask(where, "issue", named, member, **told))
            step.progress(f"{number + 1:,} cards", number + 1, many)
        step.done(f"{many:,} cards")
    if as_json:
        screen.write_json({"cards": made})
        return
    for one in made:
        screen.out().print(one["number"], markup=False)


@app.command()
def show(
    card: CardArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a card."""

    async def work() -> dict[str, Any]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            found = await cards.card(at.connection, at.scope[0], _card_id(at, card))
            if found is None:
                fail(Exit.FAILED, "there is no such card", as_json=as_json)
            return found

    _tell(finished(work, as_json=as_json), as_json=as_json)


@app.command()
def use(
    card: CardArgument,
    amount: AmountOption,
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
    """Pay with a card, as a till would."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _tell(_ask(where, "use", key, None, card=card, amount_minor=amount, reference=reference), as_json=as_json)


@app.command("top-up")
def top_up(
    card: CardArgument,
    amount: AmountOption,
    given: Annotated[bool, typer.Option("--given", help="Nobody pays for it.")] = False,
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
    """Add money to a card."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    told: dict[str, Any] = {"amount_minor": amount, "paid": not given, "reference": reference}
    _tell(_ask(where, "top_up", key, None, card=card, **told), as_json=as_json)


@app.command()
def transfer(
    card: CardArgument,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The number of the card that gets it.")],
    amount: AmountOption,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move money from a card to another of the same currency."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _tell(_ask(where, "transfer", key, None, card=card, other_number=other, amount_minor=amount), as_json=as_json)


@app.command("cash-out")
def cash_out(
    card: CardArgument,
    goodwill: Annotated[bool, typer.Option("--goodwill", help="Also where the law does not ask for it.")] = False,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pay out what is left on a card, where the rules of its jurisdiction ask for it."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _tell(_ask(where, "cash_out", key, None, card=card, goodwill=goodwill), as_json=as_json)


@app.command()
def statement(
    card: CardArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to a card's money, the last first."""

    async def work() -> list[dict[str, Any]]:
        async with code_pools.session(Connections(data, as_json, dsn, None, seal_key_file), tenant, programme) as at:
            card_id = _card_id(at, card)
            if await cards.card(at.connection, at.scope[0], card_id) is None:
                fail(Exit.FAILED, "there is no such card", as_json=as_json)
            return await cards.statement(at.connection, at.scope[0], card_id, None, _MOST_ENTRIES)

    found = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"entries": [{name: _plain(value) for name, value in each.items()} for each in found]})
        return
    screen.write_table("Statement", [tuple(str(each[name] or "") for name in _ENTRY) for each in found], _ENTRY)


@app.command()
def liability(
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="As it was then (default: now).")] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is owed on gift cards, apart from points, by currency and jurisdiction."""
    instant = _instant(at, as_json=as_json)

    async def work() -> list[dict[str, Any]]:
        connections = Connections(data, as_json, dsn, None, seal_key_file)
        async with code_pools.session(connections, tenant, programme) as opened:
            when = instant or opened.now
            return await cards.liability(opened.connection, opened.scope[0], when, opened.where.name)

    found = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"liability": found})
        return
    screen.write_table("Owed on gift cards", [tuple(str(each[name]) for name in _OWED) for each in found], _OWED)


def _try(told: dict[str, Any], connections: Connections) -> None:
    """Say whether a card might be issued; nothing is."""
    now, as_json = connections.clock().now(), connections.as_json
    law = newest().of(told["law"], now.date())
    if law is None:
        fail(Exit.USAGE, f"--law: one of {', '.join(newest().codes)}", as_json=as_json)
    empty = GiftCard(UUID(int=0), told["currency"], (law.code, newest().version), now, expires_at=told["expires_at"])
    asked = decide.Request(UUID(int=0), now)
    made = decide.issue(empty, law, told["amount_minor"], asked, paid=told["paid"])
    if isinstance(made, decide.No):
        fail(Exit.FAILED, f"{made.code}: {made.detail}", as_json=as_json)
    if as_json:
        screen.write_json({"would": "issue", **{name: _plain(value) for name, value in told.items()}})
    else:
        screen.out().print(f"a card of {told['amount_minor']} {told['currency']} would be issued", markup=False)


def _ask(
    where: Where, operation: Operation, key: str | None, member: str | None, *, card: str | None = None, **told: Any
) -> dict[str, Any]:
    def found(at: code_pools.Session) -> dict[str, object]:
        return {} if card is None else {"card_id": _card_id(at, card)}

    return ask_about(where, PATH, partial(CardAsk, operation), told, key=key, member=member, found=found)


def _card_id(at: code_pools.Session, card: str) -> UUID:
    try:
        return UUID(card)
    except ValueError:
        return at.keeper.names.of(at.scope[0], card)


def _instant(text: str | None, *, as_json: bool) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        fail(Exit.USAGE, f"{text}: {error}", as_json=as_json)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.write_json({name: _plain(value) for name, value in found.items()})
        return
    screen.write_table("The card", [(name, str(found[name] or "")) for name in _SHOWN])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str | dict) else str(value)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="giftcards")
