"""`pointstream referrals`: friends whom members brought in, and what a person decides about those that are held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from cli import publishing, screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import DryRunOption, MemberArgument, WaitOption
from libs.contracts.events import ReferralResolvedV1
from libs.runtime import sql

app = typer.Typer(help="Friends whom members brought in.", no_args_is_help=True)
_QUERIES = sql.load("cli", "referrals.sql")
_STATES = ("started", "converted", "held", "refused")
_DECISIONS = {
    "release": "Let a referral count that is held.",
    "refuse": "Let a referral not count; what it brought is taken back.",
}
_COLUMNS = ("programme", "friend", "brought in by", "state", "why", "named the code at")
_CHANGES = ("number", "state", "why", "decided by", "note", "at")

StateOption = Annotated[
    str | None, typer.Option("--state", metavar="STATE", help="Only those: started, converted, held or refused.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words; kept with the referral.")]


@app.callback()
def _group() -> None:
    """Friends whom members brought in."""


@app.command("list")
def list_referrals(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    state: StateOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; the oldest come first.")] = 100,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List referrals, and why they wait or do not count."""
    if state not in (None, *_STATES):
        fail(Exit.USAGE, f"{state} is no state; there are {', '.join(_STATES)}", as_json=as_json)

    async def look() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(Connections(data, as_json, dsn).dsn())
        try:
            return await _find(connection, tenant, programme, state, None, limit)
        finally:
            await connection.close()

    found = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({"referrals": [_described(row) for row in found]})
    elif found:
        screen.write_table(f"{len(found)} referrals", [_row(row) for row in found], _COLUMNS)
    else:
        screen.out().print("no such referral", markup=False)


@app.command("show")
def show_referral(
    friend: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the referral of a friend, and all that became of it."""
    connections = Connections(data, as_json, dsn, None, seal_key_file)

    async def look() -> tuple[asyncpg.Record, list[asyncpg.Record]]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where, member_id = await publishing.the_member(connection, connections, friend, tenant, programme)
            found = await _find(connection, where.tenant, where.name, None, [member_id], 1)
            if not found:
                fail(Exit.FAILED, "nobody brought this member in", as_json=as_json)
            told = await connection.fetch(_QUERIES["changes"], where.tenant_id, where.programme_id, member_id)
            return found[0], told
        finally:
            await connection.close()

    kept, told = finished(look, as_json=as_json)
    if as_json:
        screen.write_json({**_described(kept), "changes": [_change(row) for row in told]})
        return
    screen.write_table("The referral", [_row(kept)], _COLUMNS)
    screen.write_table("What became of it", [tuple(map(_text, _change(row).values())) for row in told], _CHANGES)


def _decide(decision: str) -> Callable[..., None]:
    def decide(
        friend: MemberArgument,
        reason: ReasonOption,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        dry_run: DryRunOption = False,
        wait: WaitOption = False,
        dsn: DsnOption = None,
        kafka: KafkaOption = None,
        topic_prefix: PrefixOption = "",
        seal_key_file: SealOption = None,
        as_json: JsonOption = False,
    ) -> None:
        connections = Connections(data, as_json, dsn, kafka, seal_key_file)

        async def work() -> dict[str, Any]:
            connection = await asyncpg.connect(connections.dsn())
            try:
                where, member_id = await publishing.the_member(connection, connections, friend, tenant, programme)
                wanted = {"member_id": str(member_id), "decision": decision, "reason": reason}
                wished = {**wanted, "decided_by": publishing.who()}
                now, kind = connections.clock().now(), ReferralResolvedV1.event_type
                asked = publishing.request(where, kind, wished, now, name=None, as_json=as_json)
                told: dict[str, Any] = {"source": asked.source, "id": asked.id, **wished, "sent": not dry_run}
                told["refused"] = None
                if not dry_run:
                    await publishing.publish(connections, topic_prefix, [asked])
                    if wait:
                        await publishing.decided(connection, where.tenant_id, [asked])
                        told["refused"] = await publishing.refused(connection, where, asked)
                return told
            finally:
                await connection.close()

        _tell(finished(work, as_json=as_json), as_json=as_json)

    decide.__doc__ = f"{_DECISIONS[decision]}\n\nEnds with 1 when, with --wait, it was refused."
    return decide


for _decision in _DECISIONS:
    app.command(_decision)(_decide(_decision))


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="referrals")


async def _find(
    connection: asyncpg.Connection,
    tenant: str | None,
    programme: str | None,
    state: str | None,
    friends: Sequence[UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await connection.fetch(
        _QUERIES["referrals"], tenant, programme, state, friends, limit
    )
    return found


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.write_json(told)
    elif told["refused"] is not None:
        where = f"/v1/receipts{told['source']}/{told['id']}"
        screen.err().print(f"refused: {told['refused']} ({where})", markup=False)
    else:
        does = "sent" if told["sent"] else "would be sent"
        screen.out().print(f"{told['decision']} for {told['member_id']} {does}", markup=False)
    if told["refused"] is not None:
        raise typer.Exit(Exit.FAILED)


def _described(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "tenant": row["tenant"],
        "programme": row["programme"],
        "friend_id": str(row["friend_id"]),
        "referrer_id": str(row["referrer_id"]),
        "state": row["state"],
        "reasons": list(row["reasons"]),
        "claimed_at": _at(row["claimed_at"]),
        "consented": row["consented"],
        "converted_at": _at(row["converted_at"]),
        "until": _at(row["until"]),
        "changed_at": _at(row["changed_at"]),
    }


def _change(row: asyncpg.Record) -> dict[str, Any]:
    return {**dict(row), "recorded_at": _at(row["recorded_at"])}


def _row(row: asyncpg.Record) -> tuple[str, ...]:
    return (
        f"{row['tenant']}/{row['programme']}",
        str(row["friend_id"]),
        str(row["referrer_id"]),
        row["state"],
        ", ".join(row["reasons"]),
        f"{row['claimed_at']:%Y-%m-%d %H:%M:%S}Z",
    )


def _at(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _text(value: object) -> str:
    return "" if value is None else str(value)
