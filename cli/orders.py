"""`pointstream orders`: orders of rewards, shown, brought to their next state, and given up."""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import aiohttp
import asyncpg
import typer

from cli import screen
from cli.at_programme import AtProgramme, work_at
from cli.connections import Connections, DsnOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from deploy.embedded import state as platform
from deploy.embedded.credentials import Credentials
from deploy.embedded.ports import LOOPBACK
from libs.catalogue import postgres as catalogue
from libs.catalogue.flow import STATES
from libs.catalogue.orders import Order
from libs.catalogue.postgres import Wanted
from libs.catalogue.rows import MemberName
from libs.contracts import redemption as wire
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, Doer, Operation

app = typer.Typer(help="Orders of rewards, step by step.", no_args_is_help=True)
OrderArgument = Annotated[UUID, typer.Argument(metavar="ORDER", help="Its id.")]
NoteOption = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What the member is told with it.")]
ByOption = Annotated[str, typer.Option("--by", metavar="WHO", help="operator or partner: whose doing it is.")]
UrlOption = Annotated[
    str | None, typer.Option("--redemption", metavar="URL", help="Where redemption answers (default: that of --data).")
]
_SECONDS = 30


@app.callback()
def _group() -> None:
    """Orders of rewards, step by step."""


@app.command("list")
def list_orders(
    states: Annotated[list[str] | None, typer.Option("--state", metavar="STATE", help="Only in this state.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")] = None,
    reference: Annotated[str | None, typer.Option("--reward", metavar="REWARD", help="Only of this reward.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Orders at most.")] = 100,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show orders, newest first."""
    if strangers := sorted(set(states or ()) - set(STATES)):
        fail(Exit.USAGE, f"no such state: {', '.join(strangers)}; there are {', '.join(STATES)}", as_json=as_json)
    wanted = Wanted(tuple(states) if states else None, kind, reference)

    async def work(at: AtProgramme) -> list[tuple[MemberName, Order]]:
        return await catalogue.load_orders(at.connection, at.programme[:2], wanted, None, limit)

    found = work_at(Connections(data, as_json, dsn), tenant, programme, work)
    rows = [
        {
            "order_id": str(order.order_id),
            "reference": order.reference,
            "kind": order.kind,
            "quantity": order.kept,
            "state": order.state,
            "points": order.price.points,
            "asked_at": _instant(order.asked_at),
            "member_id": str(name[2]),
        }
        for name, order in found
    ]
    if as_json:
        screen.write_json({"orders": rows})
        return
    columns = ("order", "reward", "kind", "pieces", "state", "points", "asked at", "member")
    screen.write_table("Orders", [[str(value) for value in row.values()] for row in rows], columns)


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@app.command()
def advance(
    order: OrderArgument,
    state: Annotated[str, typer.Argument(metavar="STATE", help="The next state, such as shipped.")],
    tracking: Annotated[str | None, typer.Option("--tracking", metavar="NUMBER", help="Of the parcel.")] = None,
    note: NoteOption = None,
    by: ByOption = "operator",
    redemption: UrlOption = None,
    data: DataOption = DEFAULT_DATA,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring an order to its next state. What was returned or failed gives its points back."""
    wanted = OrderAsk(state=state, tracking=tracking, note=note)
    _ask(Connections(data, as_json, dsn, None, seal_key_file), redemption, "advance", order, wanted, by)


@app.command()
def cancel(
    order: OrderArgument,
    quantity: Annotated[int | None, typer.Option("--quantity", min=1, help="So many pieces (default: all).")] = None,
    note: NoteOption = None,
    by: ByOption = "operator",
    redemption: UrlOption = None,
    data: DataOption = DEFAULT_DATA,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an order up, or some pieces of it: points, stock and limits come back."""
    wanted = OrderAsk(quantity=quantity, note=note)
    _ask(Connections(data, as_json, dsn, None, seal_key_file), redemption, "cancel", order, wanted, by)


def _ask(
    connections: Connections, url: str | None, operation: Operation, order_id: UUID, wanted: OrderAsk, by: str
) -> None:
    """Ask redemption, and show what became of the order. The same request again counts once."""
    if by not in ("operator", "partner"):
        fail(Exit.USAGE, "--by takes operator or partner", as_json=connections.as_json)
    tenant_id = _tenant_of(connections, order_id)
    said = f"{operation} {order_id} {wanted}".encode()
    ask = Ask(
        operation, tenant_id, "cli", key=sha256(said).digest(), fingerprint=sha256(said).digest(),
        redemption_id=order_id, by=cast("Doer", by), order=wanted,
    )  # fmt: skip
    told = finished(lambda: _send(connections, url, ask), as_json=connections.as_json)
    if connections.as_json:
        screen.write_json(told)
    else:
        order = told["order"]
        line = f"{order['reference']}: {order['state']}; {order['points_back']} points came back"
        screen.out().print(line, markup=False)


def _tenant_of(connections: Connections, order_id: UUID) -> int:
    """The tenant of an order; ends the command when there is no such order."""

    async def work() -> int | None:
        connection = await asyncpg.connect(connections.dsn())
        try:
            return await catalogue.tenant_of(connection, order_id)
        finally:
            await connection.close()

    tenant_id = finished(work, as_json=connections.as_json)
    if tenant_id is None:
        fail(Exit.FAILED, f"there is no order {order_id}", as_json=connections.as_json)
    return tenant_id


async def _send(connections: Connections, url: str | None, ask: Ask) -> dict[str, Any]:
    address = url or _address(connections)
    headers = {"Authorization": f"Bearer {_token(connections)}", "Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.post(address.rstrip("/") + wire.PATH, data=wire.write(ask), headers=headers) as reply,
        ):
            body = await reply.read()
            status = reply.status
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(Exit.UNAVAILABLE, f"redemption does not answer: {type(error).__name__}", as_json=connections.as_json)
    if status != 200:
        fail(Exit.UNAVAILABLE, f"redemption answers {status}", as_json=connections.as_json)
    answer = wire.read_answer(body)
    if answer.refused is not None:
        fail(Exit.FAILED, f"{answer.refused}: {answer.detail}", as_json=connections.as_json)
    return cast("dict[str, Any]", wire.read_body(answer))


def _address(connections: Connections) -> str:
    port = platform.load(connections.data).ports.get("redemption")
    if port is None:
        fail(Exit.NOT_RUNNING, "no redemption runs here; name one with --redemption", as_json=connections.as_json)
    return f"http://{LOOPBACK}:{port}"


def _token(connections: Connections) -> str:
    path: Path | None = connections.seal_key_file
    key = path.read_text(encoding="ascii").strip() if path else Credentials(connections.data).known("seal")
    if key is None:
        fail(Exit.USAGE, "the key of the seals is needed: name it with --seal-key-file", as_json=connections.as_json)
    return wire.door_token(base64.b64decode(key))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="orders")
