"""`pointstream adjust`: points given or taken by a person, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import typer

from cli import publishing, screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import fail, finished
from cli.member_import import scales_of
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import Programme, ProgrammeOption, TenantOption
from cli.publishing import DryRunOption, MemberArgument, WaitOption
from libs.contracts.events.activity import AdjustmentRequestedV1
from libs.contracts.mapping_values import Misfit, as_minor_units

ReasonOption = Annotated[str, typer.Option("--reason", metavar="CODE", help="Why, as a code: goodwill, mistake, …")]
IdOption = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="Names the request: under the same name it counts once.")
]

_REFUSALS: Mapping[str, str] = {
    "not-enough-points": "the member has not so many points that are free",
    "member-unknown": "no member has this id",
    "wallet-unknown": "the programme has no such wallet now",
    "earned-ahead": "the points would be earned in the future",
    "expiry-passed": "the points would have lapsed already",
}
"""What earning may answer, in words."""


def adjust(
    member: MemberArgument,
    points: Annotated[str, typer.Argument(metavar="POINTS", help="How many to give; with a minus, to take.")],
    reason: ReasonOption,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    wallet: Annotated[str, typer.Option("--wallet", metavar="NAME", help="In which wallet.")] = "points",
    note: Annotated[str | None, typer.Option("--note", help="Why, in words.")] = None,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="They do not lapse.")] = False,
    name: IdOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a member points, or take some: `pointstream adjust card:17 250 --reason goodwill`.

    The request is an event like any other; the ledger is written by earning alone, and who asked is kept with it. What
    is taken must be there: never a part of it, and no debt comes of it.

    Ends with 1 when, with --wait, it was refused.
    """
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)

    wished = {"reason": reason, "note": note, "requested_by": publishing.who(), "never_expires": never_expires}

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where, member_id = await publishing.the_member(connection, connections, member, tenant, programme)
            now = connections.clock().now()
            amount = await amount_of(connection, where, wallet, points, now, as_json)
            wanted = {"member_id": str(member_id), "wallet": wallet, "points": amount, **wished}
            kind = AdjustmentRequestedV1.event_type
            asked = publishing.request(where, kind, wanted, now, name=name, as_json=as_json)
            told: dict[str, Any] = {
                "source": asked.source,
                "id": asked.id,
                **wanted,
                "sent": not dry_run,
                "movements": None,
                "refused": None,
            }
            if dry_run:
                return told
            await publishing.publish(connections, topic_prefix, [asked])
            if wait:
                await publishing.decided(connection, where.tenant_id, [asked])
                told["movements"] = await publishing.moved(connection, where, member_id, asked)
                if not told["movements"]:
                    told["refused"] = await publishing.refusal(connection, where, asked)
            return told
        finally:
            await connection.close()

    _tell(finished(work, as_json=as_json), as_json=as_json)


def register(main: typer.Typer) -> None:
    """Add the command to the `pointstream` command line; a negative number is no option."""
    main.command(context_settings={"ignore_unknown_options": True})(adjust)


async def amount_of(
    connection: asyncpg.Connection, where: Programme, wallet: str, points: str, now: datetime, as_json: bool
) -> int:
    """The points in the wallet's minor unit; ends the command when they are none."""
    scales = await scales_of(connection, where, now)
    if wallet not in scales:
        fail(Exit.USAGE, f"{where.slug} has no wallet {wallet}: {', '.join(scales)}", as_json=as_json)
    try:
        return as_minor_units(points, scales[wallet], ".")
    except Misfit as misfit:
        fail(Exit.USAGE, f"{points}: expected {misfit}", as_json=as_json)


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    refused = told["movements"] == []
    if as_json:
        screen.write_json(told)
    elif refused:
        why = _REFUSALS.get(told["refused"] or "", told["refused"] or "its decision says why")
        screen.err().print(f"refused: {why} (/v1/receipts{told['source']}/{told['id']})", markup=False)
    else:
        does = "done" if told["movements"] else "requested" if told["sent"] else "would be requested"
        what = f"{told['points']:+,} in {told['wallet']} for {told['member_id']}"
        screen.out().print(f"{what}: {does}, {told['source']}/{told['id']}", markup=False)
    if refused:
        raise typer.Exit(Exit.FAILED)
