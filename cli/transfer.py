"""`pointstream transfer`: points that go from one member to another, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import asyncpg
import typer

from cli import publishing, screen
from cli.adjust import IdOption, amount_of
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption, SealOption
from cli.exits import Exit
from cli.failures import finished
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import DryRunOption, MemberArgument, WaitOption
from libs.contracts.events import TransferRequestedV1

_REFUSALS: Mapping[str, str] = {
    "not-enough-points": "the giver has not so many points that are free",
    "in-debt": "the giver owes points of this kind",
    "member-unknown": "no member has this id",
    "same-member": "both are the same member",
    "wallet-unknown": "the programme has no such wallet now",
    "transfer-limit": "the programme's limits let the giver give no more in this period",
    "transfer-too-small": "the programme lets so few points not go to others",
}
"""What earning may answer, in words."""


def transfer(
    giver: MemberArgument,
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="Who gets them: an id, or `kind:value`.")],
    points: Annotated[str, typer.Argument(metavar="POINTS", help="How many: all of them, or none.")],
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="Of which type: gift, household, …")],
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
    """Let points of a member go to another, with their dates: `pointstream transfer card:17 card:18 50 --reason gift`.

    The limits of the programme's `transfers` hold. Ends with 1 when, with --wait, it was refused.
    """
    connections = Connections(data, as_json, dsn, kafka, seal_key_file)

    async def work() -> dict[str, Any]:
        connection = await asyncpg.connect(connections.dsn())
        try:
            where, giver_id = await publishing.the_member(connection, connections, giver, tenant, programme)
            _, receiver_id = await publishing.the_member(connection, connections, receiver, where.tenant, where.name)
            now = connections.clock().now()
            wanted = {
                "member_id": str(giver_id),
                "to_member_id": str(receiver_id),
                "wallet": wallet,
                "points": await amount_of(connection, where, wallet, points, now, as_json),
                "reason": reason,
                "note": note,
                "requested_by": publishing.who(),
            }
            asked = publishing.request(where, TransferRequestedV1.event_type, wanted, now, name=name, as_json=as_json)
            told: dict[str, Any] = {"source": asked.source, "id": asked.id, **wanted, "sent": not dry_run}
            told |= {"movements": None, "refused": None}
            if dry_run:
                return told
            await publishing.publish(connections, topic_prefix, [asked])
            if wait:
                await publishing.decided(connection, where.tenant_id, [asked])
                told["movements"] = await publishing.moved(connection, where, giver_id, asked)
                if not told["movements"]:
                    told["refused"] = await publishing.refusal(connection, where, asked)
            return told
        finally:
            await connection.close()

    _tell(finished(work, as_json=as_json), as_json=as_json)


def register(main: typer.Typer) -> None:
    """Add the command to the `pointstream` command line."""
    main.command()(transfer)


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    refused = told["movements"] == []
    if as_json:
        screen.write_json(told)
    elif refused:
        why = _REFUSALS.get(told["refused"] or "", told["refused"] or "its decision says why")
        screen.err().print(f"refused: {why} (/v1/receipts{told['source']}/{told['id']})", markup=False)
    else:
        does = "done" if told["movements"] else "requested" if told["sent"] else "would be requested"
        what = f"{told['points']:,} in {told['wallet']} from {told['member_id']} to {told['to_member_id']}"
        screen.out().print(f"{what}: {does}, {told['source']}/{told['id']}", markup=False)
    if refused:
        raise typer.Exit(Exit.FAILED)
