"""Events that an operator publishes: what a person decides, under the programme's own source, and what came of it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import orjson
import typer

from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail
from cli.programmes import Programme, the_programme
from libs.contracts.rejection import Rejection
from libs.intake.events import Prepared, Preparer
from libs.intake.publish import Publisher
from libs.promotions.pages import pick
from libs.runtime import sql
from libs.runtime.clock import monotonic
from libs.runtime.kafka import idempotent_producer
from libs.runtime.keys import event_key

_QUERIES = sql.load("cli", "publishing.sql")
_PATIENCE = 60.0
_LOOK_SECONDS = 0.05
_LONGEST_NAME = 64

WaitOption: TypeAlias = Annotated[bool, typer.Option("--wait", help="Return when it is decided; say what came of it.")]
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")]
MemberArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="MEMBER", help="A member id, or an identifier such as card:17.")
]


class Request(NamedTuple):
    """An event of ours: its id, the key that its decision is found under, and its record."""

    id: str
    source: str
    key: UUID
    record: Prepared


def who() -> str:
    """Who calls the command."""
    return getpass.getuser()[:_LONGEST_NAME]


def request(
    where: Programme, kind: str, data: Mapping[str, Any], now: datetime, *, name: str | None, as_json: bool
) -> Request:
    """Return an event of the command line; ends the command when nobody would take it.

    `name` is its id: the same name twice counts once. Without one every call is a request of its own.
    """
    source, event_id = where.source("cli"), name or str(uuid4())
    envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": kind, "time": now, "data": data}
    record = Preparer(source).prepare(orjson.dumps(envelope))
    if isinstance(record, Rejection):
        fail(Exit.USAGE, f"{record.field}: expected {record.detail}", as_json=as_json)
    return Request(event_id, source, event_key(source, event_id), record)


async def publish(connections: Connections, topic_prefix: str, requests: Sequence[Request]) -> None:
    """Publish, and return when the broker has them.

    Raises:
        aiokafka.errors.KafkaError: it does not take them.
    """
    producer = idempotent_producer(connections.kafka(topic_prefix), "pointstream-cli")
    await producer.start()
    try:
        publisher = Publisher(producer, topic_prefix)
        for each in requests:
            await publisher.send(each.record)
        await publisher.flush()
    finally:
        await producer.stop()


async def decided(connection: asyncpg.Connection, tenant_id: int, requests: Sequence[Request]) -> None:
    """Return when all are decided.

    Raises:
        TimeoutError: they are not, after a minute.
    """
    keys, deadline = [each.key for each in requests], monotonic() + _PATIENCE
    while await connection.fetchval(_QUERIES["decided"], tenant_id, keys) < len(keys):
        if monotonic() > deadline:
            raise TimeoutError(
                "it was sent, and is not decided after a minute; see `pointstream status` and `dlq list`"
            )
        await asyncio.sleep(_LOOK_SECONDS)


async def moved(
    connection: asyncpg.Connection, where: Programme, member_id: UUID, asked: Request
) -> list[dict[str, Any]]:
    """Return what a decided event did to a member's points."""
    rows = await connection.fetch(_QUERIES["moved"], where.tenant_id, where.programme_id, member_id, asked.key)
    return [dict(row) for row in rows]


async def refusal(connection: asyncpg.Connection, where: Programme, asked: Request) -> str | None:
    """Return why a decided event was refused, as a code; None when no reason is kept."""
    page = await connection.fetchval(_QUERIES["decision_page"], where.tenant_id, asked.key)
    return next((decision.reason for decision in pick(page, [asked.key])), None) if page else None


async def refused(connection: asyncpg.Connection, where: Programme, asked: Request) -> str | None:
    """Return why a decided event was refused, as a code; None when it was not."""
    page = await connection.fetchval(_QUERIES["decision_page"], where.tenant_id, asked.key)
    found = pick(page, [asked.key]) if page else []
    return next((each.reason or each.outcome for each in found if each.outcome == "refused"), None)


async def the_member(
    connection: asyncpg.Connection,
    connections: Connections,
    text: str,
    tenant: str | None,
    programme: str | None,
) -> tuple[Programme, UUID]:
    """Return the member that a text names and their programme; ends the command when it is nobody, or not one."""
    as_json = connections.as_json
    try:
        found = await connection.fetch(_QUERIES["member"], UUID(text), tenant, programme)
    except ValueError:
        kind, colon, value = text.partition(":")
        if not colon:
            fail(Exit.USAGE, f"{text}: write a member id, or an identifier such as card:17", as_json=as_json)
        names = connections.identifier_names()
        name = names.of(kind, value) if names is not None else text
        found = await connection.fetch(_QUERIES["member_by_identifier"], name, tenant, programme)
    if not found:
        fail(Exit.FAILED, "there is no such member", as_json=as_json)
    if len(found) > 1:
        known = ", ".join(f"{row['tenant']}/{row['programme']}" for row in found)
        fail(Exit.USAGE, f"say which with --tenant and --programme: {known}", as_json=as_json)
    where = await the_programme(connection, found[0]["tenant"], found[0]["programme"], as_json=as_json)
    return where, found[0]["member_id"]
