"""`pointstream parked`: receipts that no rule decides, and what a person decides about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import asyncpg
import typer

from cli import publishing, screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption, the_programme
from cli.publishing import DryRunOption, WaitOption
from libs.contracts.events.purchase import PurchaseResolvedV1
from libs.runtime import sql

app = typer.Typer(help="Receipts that wait for a decision.", no_args_is_help=True)
_QUERIES = sql.load("cli", "parked.sql")
_DECISIONS = {
    "award": "Give the points that the receipt earns by the rules of its time.",
    "refuse": "Leave the receipt without points.",
    "retry": "Try again, once what was missing is there, such as a rate.",
    "debt": "Let the member owe what is short of a return.",
    "forgive": "Let go of what is short of a return.",
}
_MOST = 100_000

NumbersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Receipt numbers, as printed.")
]
WaitsForOption = Annotated[
    str | None, typer.Option("--waits-for", metavar="REASON", help="Those that wait for this, e.g. no-exchange-rate.")
]
StoreOption = Annotated[str | None, typer.Option("--store", help="Only receipts of this store.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words; kept with the receipt.")]
_COLUMNS = ("programme", "receipt", "store", "waits for", "currency", "bought at")


@app.callback()
def _group() -> None:
    """Receipts that wait for a decision."""


@app.command("list")
def list_parked(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    waits_for: WaitsForOption = None,
    store: StoreOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; the oldest come first.")] = 100,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the receipts that wait, and for what."""

    async def look() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(Connections(data, as_json, dsn).dsn())
        try:
            return await _find(connection, tenant, programme, waits_for, None, store, limit)
        finally:
            await connection.close()

    rows = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({"parked": [_described(row) for row in rows]})
    elif rows:
        reasons = ", ".join(f"{why} {many}" for why, many in Counter(row["reason"] for row in rows).most_common())
        screen.write_table(f"{len(rows)} receipts wait: {reasons}", [_row(row) for row in rows], _COLUMNS)
    else:
        screen.out().print("no receipt waits for a decision", markup=False)


def _decide(decision: str) -> Callable[..., None]:
    def decide(
        reason: ReasonOption,
        numbers: NumbersArgument = None,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        waits_for: WaitsForOption = None,
        store: StoreOption = None,
        dry_run: DryRunOption = False,
        wait: WaitOption = False,
        dsn: DsnOption = None,
        kafka: KafkaOption = None,
        topic_prefix: PrefixOption = "",
        as_json: JsonOption = False,
    ) -> None:
        if not numbers and waits_for is None:
            fail(Exit.USAGE, "name receipts, or choose them by --waits-for", as_json=as_json)
        connections = Connections(data, as_json, dsn, kafka)

        async def work() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(connections.dsn())
            try:
                where = await the_programme(connection, tenant, programme, as_json=as_json)
                found = await _find(connection, where.tenant, where.name, waits_for, numbers or None, store, _MOST)
                missing = sorted(set(numbers or ()) - {row["receipt_number"] for row in found})
                if missing:
                    fail(Exit.FAILED, f"no receipt waits under {', '.join(missing)}", as_json=as_json)
                now = connections.clock().now()
                asked = [_request(where, row, decision, reason, now, as_json) for row in found]
                if asked and not dry_run:
                    await publishing.publish(connections, topic_prefix, asked)
                    if wait:
                        await publishing.decided(connection, where.tenant_id, asked)
                return found
            finally:
                await connection.close()

        _tell(finished(work, as_json=as_json), decision, dry_run=dry_run, as_json=as_json)

    decide.__doc__ = _DECISIONS[decision]
    return decide


for _decision in _DECISIONS:
    app.command(_decision)(_decide(_decision))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="parked")


async def _find(
    connection: asyncpg.Connection,
    tenant: str | None,
    programme: str | None,
    waits_for: str | None,
    numbers: Sequence[str] | None,
    store: str | None,
    limit: int,
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        _QUERIES["parked"], tenant, programme, waits_for, numbers, store, limit
    )
    return rows


def _request(
    where: Programme, row: asyncpg.Record, decision: str, reason: str, now: Any, as_json: bool
) -> publishing.Request:
    data = {
        "receipt_number": row["receipt_number"],
        "store": row["store"],
        "decision": decision,
        "reason": reason,
        "decided_by": publishing.who(),
    }
    return publishing.request(where, PurchaseResolvedV1.event_type, data, now, name=None, as_json=as_json)


def _tell(rows: Sequence[asyncpg.Record], decision: str, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        receipts = [_described(row) for row in rows]
        screen.write_json({"decision": decision, "receipts": receipts, "sent": 0 if dry_run else len(rows)})
        return
    does = "would be sent" if dry_run else "sent"
    screen.out().print(f"{decision} for {len(rows)} receipts {does}", markup=False)


def _described(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "tenant": row["tenant"],
        "programme": row["programme"],
        "receipt_number": row["receipt_number"],
        "store": row["store"],
        "waits_for": row["reason"],
        "currency": row["currency"],
        "member_id": str(row["member_id"]) if row["member_id"] else None,
        "occurred_at": row["occurred_at"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat(),
    }


def _row(row: asyncpg.Record) -> tuple[str, ...]:
    return (
        f"{row['tenant']}/{row['programme']}",
        row["receipt_number"],
        row["store"] or "",
        row["reason"],
        row["currency"],
        f"{row['occurred_at']:%Y-%m-%d %H:%M:%S}Z",
    )
