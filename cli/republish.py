"""`pointstream republish`: topics that hold the last state of everybody, filled again from the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import asyncpg
import typer

from cli import screen
from cli.connections import Connections, DsnOption, KafkaOption, PrefixOption
from cli.failures import finished
from cli.intake import JOURNALS
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.pace import Pace
from deploy.embedded.report import Step
from libs.balances.balance import event
from libs.balances.postgres import load
from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.intake.publish import Publisher
from libs.runtime import sql
from libs.runtime.clock import Clock, monotonic
from libs.runtime.kafka import idempotent_producer

app = typer.Typer(help="Fill topics again from the ledger.", no_args_is_help=True)
_QUERIES = sql.load("cli", "republish.sql")
_AT_ONCE = 2_000


class _Key(NamedTuple):
    tenant_id: int
    programme_id: int
    member_id: UUID


_START = _Key(0, 0, UUID(int=0))


@app.callback()
def _group() -> None:
    """Fill topics again from the ledger."""


@app.command()
def balances(
    data: DataOption = DEFAULT_DATA,
    tenant: Annotated[str | None, typer.Option("--tenant", metavar="SLUG", help="Only members of this tenant.")] = None,
    member: Annotated[UUID | None, typer.Option("--member", metavar="ID", help="Only this member.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the last run stopped.")] = False,
    dsn: DsnOption = None,
    kafka: KafkaOption = None,
    topic_prefix: PrefixOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write the present balance of every member to loyalty.balances; safe beside running workers.

    A balance that changes meanwhile is written again, so that the last record of a member is never an old one.
    """
    connections = Connections(data, as_json, dsn, kafka)

    async def work() -> tuple[int, float]:
        connection = await asyncpg.connect(connections.dsn())
        began = monotonic()
        try:
            place = _Place(connections.data / JOURNALS / f"republish-{tenant or 'all'}.json")
            with screen.reporting() as news, news.step("Republish") as step:
                run = _Republish(connection, connections.clock(), tenant, member, place)
                producer = idempotent_producer(connections.kafka(topic_prefix), "pointstream-republish")
                await producer.start()
                try:
                    written = await run.all(Publisher(producer, topic_prefix), step, resume=resume)
                finally:
                    await producer.stop()
                step.done(f"{written:,} balances")
            return written, monotonic() - began
        finally:
            await connection.close()

    written, seconds = finished(work, as_json=as_json)
    if as_json:
        screen.write_json({"balances": written, "seconds": round(seconds, 3)})
    else:
        screen.out().print(f"{written:,} balances in {seconds:.1f} s", markup=False)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="republish")


class _Place:
    """The last member that is done, kept until everybody is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> _Key:
        try:
            tenant_id, programme_id, member_id = json.loads(self._path.read_text(encoding="utf-8"))
            return _Key(int(tenant_id), int(programme_id), UUID(member_id))
        except (OSError, ValueError, TypeError):
            return _START

    def save(self, key: _Key) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.write_text(json.dumps([key.tenant_id, key.programme_id, str(key.member_id)]), encoding="utf-8")

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


class _Republish:
    def __init__(
        self, connection: asyncpg.Connection, clock: Clock, tenant: str | None, member: UUID | None, place: _Place
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._tenant = tenant
        self._member = member
        self._place = place

    async def all(self, publisher: Publisher, step: Step, *, resume: bool) -> int:
        """Write everybody's balance; returns how many."""
        chosen = (self._tenant, self._member)
        pace = Pace(step, "balances", await self._connection.fetchval(_QUERIES["count"], *chosen))
        last, written = self._place.load() if resume else _START, 0
        while rows := await self._connection.fetch(_QUERIES["next"], *chosen, *last, _AT_ONCE):
            seqs = {_Key(*row[:3]): row["seq"] for row in rows}
            while seqs:
                await self._write(publisher, list(seqs))
                seqs = await self._changed(seqs)
            last = _Key(*rows[-1][:3])
            written += len(rows)
            if self._member is None:
                self._place.save(last)
            pace.at(written)
        if self._member is None:
            self._place.forget()
        return written

    async def _write(self, publisher: Publisher, members: Sequence[_Key]) -> None:
        now = self._clock.now()
        for balance in await load(self._connection, members, now):
            made = event(balance, now)
            await publisher.send(Prepared(made.topic, made.key, made.value, headers_of(made.value)))
        await publisher.flush()

    async def _changed(self, before: dict[_Key, int]) -> dict[_Key, int]:
        """Whoever has moved since: a newer balance may lie in the topic before the one just written."""
        columns = [list(column) for column in zip(*before, strict=True)]
        rows = await self._connection.fetch(_QUERIES["seqs"], *columns)
        now = {_Key(*row[:3]): row["seq"] for row in rows}
        return {key: seq for key, seq in now.items() if seq != before[key]}
