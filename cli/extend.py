"""`pointstream extend`: a member's points that are to lapse later, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import asyncpg
import typer

from cli import publishing, screen
from cli.adjust import IdOption, ReasonOption
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption
from cli.publishing import DryRunOption, MemberArgument, WaitOption
from libs.contracts.events.moving import ExtensionRequestedV1
from libs.judging.terms import Terms
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.extend import Extension, Wish, extend
from libs.ledger.model import Movement
from libs.ledger.zones import load_zone
from libs.segments.reading import in_force
from libs.sweeps.preview import load_ledger

_REFUSALS: Mapping[str, str] = {
    "nothing-to-extend": "no points are there that would get a later date",
    "never-lapses": "points of this wallet never lapse",
    "member-unknown": "no member has this id",
    "wallet-unknown": "the programme has no such wallet now",
}
"""What earning may answer, in words."""


def extend_points(
    member: MemberArgument,
    reason: ReasonOption,
    boundaries: Annotated[
        int | None, typer.Option("--boundaries", min=1, max=40, help="By so many boundaries (default: one).")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=3_650, help="To the end of the period so many days on.")
    ] = None,
    from_now: Annotated[bool, typer.Option("--from-now", help="Counted from now, not from each lot's date.")] = False,
    all_lots: Annotated[bool, typer.Option("--all-lots", help="All lots, not only those that lapse first.")] = False,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    wallet: Annotated[str, typer.Option("--wallet", metavar="NAME", help="In which wallet.")] = "points",
    note: Annotated[str | None, typer.Option("--note", help="Why, in words.")] = None,
    name: IdOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a member's points lapse later: `pointstream extend card:17 --boundaries 1 --reason goodwill`.

    By default those that lapse first, one or more boundaries later. With --dry-run it says what would get which date.

    Ends with 1 when nothing would be extended or, with --wait, it was refused.
    """
    if boundaries is not None and days is not None:
        fail(Exit.USAGE, "say either --boundaries or --days", as_json=as_json)
    boundaries = 1 if boundaries is None and days is None else boundaries
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)
    asked_for = {"boundaries": boundaries, "days": days, "from_now": from_now, "all_lots": all_lots}
    wished = {"wallet": wallet, **asked_for, "reason": reason, "note": note, "requested_by": publishing.who()}
    wish = Wish(wallet, boundaries, days, pooled=not all_lots, from_now=from_now)

    how = _How(topic_prefix, name, dry_run, wait)
    _tell(
        finished(lambda: _ask(connections, (member, tenant, programme), wished, wish, how), as_json=as_json),
        as_json=as_json,
    )


class _How(NamedTuple):
    """How a request goes out: under which name, whether at all, and whether its decision is waited for."""

    topic_prefix: str
    name: str | None
    dry_run: bool
    wait: bool


async def _ask(
    connections: Connections,
    whose: tuple[str, str | None, str | None],
    wished: Mapping[str, Any],
    wish: Wish,
    how: _How,
) -> dict[str, Any]:
    """Ask for an extension, or only look what it would come to."""
    connection = await asyncpg.connect(connections.dsn())
    try:
        where, member_id = await publishing.the_member(connection, connections, *whose)
        wanted = {"member_id": str(member_id), **wished}
        now, kind = connections.clock().now(), ExtensionRequestedV1.event_type
        asked = publishing.request(where, kind, wanted, now, name=how.name, as_json=connections.as_json)
        told = {"source": asked.source, "id": asked.id, **wanted, "sent": not how.dry_run}
        told |= {"movements": None, "refused": None}
        if how.dry_run:
            found = await _preview(connection, connections, where, member_id, wish)
            return told | {"movements": _moves(found.movements), "refused": found.refused}
        await publishing.publish(connections, how.topic_prefix, [asked])
        if how.wait:
            await publishing.decided(connection, where.tenant_id, [asked])
            told["movements"] = await publishing.moved(connection, where, member_id, asked)
            if not told["movements"]:
                told["refused"] = await publishing.refusal(connection, where, asked)
        return told
    finally:
        await connection.close()


async def _preview(
    connection: asyncpg.Connection, connections: Connections, where: Programme, member_id: UUID, wish: Wish
) -> Extension:
    """What it would come to, as things are now; ends the command where there is no such wallet."""
    now, scope = connections.clock().now(), (where.tenant_id, where.programme_id)
    found = await in_force(connection, scope, now)
    source = None if found is None else found.compiled.source
    calendar = None if source is None else Terms(source, load_zone(source.zone)).plain().get(wish.wallet)
    if calendar is None:
        fail(Exit.USAGE, f"{where.slug} has no wallet {wish.wallet} now", as_json=connections.as_json)
    ledger = await load_ledger(connection, scope, member_id)
    return extend(apply_all(ledger, catch_up(ledger, now, now)), wish, calendar, now)


def _moves(movements: Sequence[Movement]) -> list[dict[str, Any]]:
    return [
        {
            "points": each.amount,
            "lots": [part.lot_seq for part in each.allocations],
            "expires_at": None if each.new_expiry is None or each.new_expiry.expires_at is None
            else each.new_expiry.expires_at.isoformat().replace("+00:00", "Z"),
        }
        for each in movements
    ]  # fmt: skip


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    refused = told["movements"] == []
    if as_json:
        screen.write_json(told)
    elif refused:
        why = _REFUSALS.get(told["refused"] or "", told["refused"] or "its decision says why")
        screen.err().print(f"refused: {why}", markup=False)
    elif not told["sent"]:
        for each in told["movements"]:
            screen.out().print(f"{each['points']:,} {told['wallet']} would lapse at {each['expires_at']}", markup=False)
    else:
        does = "done" if told["movements"] else "requested"
        what = f"extension of {told['wallet']} for {told['member_id']}"
        screen.out().print(f"{what}: {does}, {told['source']}/{told['id']}", markup=False)
    if refused:
        raise typer.Exit(Exit.FAILED)


def register(main: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    main.command("extend")(extend_points)
