"""What is kept of backtests in PostgreSQL, under the row-level security of a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from libs.runtime import sql
from services.gateway.tenant_store import TenantSession, TenantStore

_SQL = sql.load("services.gateway", "backtests.sql")
_LAST = UUID(int=2**128 - 1)
_PIECE = 1024 * 1024

State = Literal["waiting", "running", "done", "failed", "cancelled"]
PartName = Literal["members.csv", "report.html"]
PARTS: tuple[PartName, ...] = ("members.csv", "report.html")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: rules B as a document in JSON, the range, what to compare with, what points are worth in JSON.

    `version` says that the document is that of a stored version; `sameness` is what the question is known by.
    """

    backtest_id: UUID
    programme_id: int
    programme: str
    document: str
    hash: str
    version: int | None
    since: datetime
    until: datetime
    against: int | None
    point_values: str
    sameness: bytes
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A backtest that this gateway works on: whose, in which turn, and what is asked."""

    tenant_id: int
    backtest_id: UUID
    epoch: int
    programme_id: int
    document: str
    since: datetime
    until: datetime
    against: int | None
    point_values: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A backtest as it stands. `summary` is JSON, there when it is done and was asked for by its id.

    `better` and `worse` are how many members are better and worse off under B.
    """

    backtest_id: UUID
    programme: str
    hash: str
    version: int | None
    since: datetime
    until: datetime
    against: int | None
    asked_by: str
    asked_at: datetime
    state: State
    stage: Literal["copy", "judge", "bind"] | None
    done: int
    total: int
    items: int
    ended_at: datetime | None
    failure: str | None
    summary: str | None
    better: int | None
    worse: int | None


class Session(TenantSession):
    """One transaction that sees the backtests of one tenant alone."""

    queries = _SQL

    async def open_count(self) -> int:
        """Return how many wait or run."""
        return int(await self._value("open_count"))

    async def keep(self, asked: Question) -> UUID | None:
        """Keep a question, and return its id; that of the same question when it is open; None when that ended now."""
        kept = await self._value(
            "keep",
            asked.backtest_id,
            asked.programme_id,
            asked.programme,
            asked.document,
            asked.hash,
            asked.version,
            asked.since,
            asked.until,
            asked.against,
            asked.point_values,
            asked.sameness,
            asked.asked_by,
            asked.asked_at,
        )
        found: UUID | None = kept or await self._value("same", asked.sameness)
        return found

    async def backtest(self, backtest_id: UUID) -> Kept | None:
        """Return a backtest with its summary; None when the tenant has none of this id."""
        rows = await self._fetch("backtest", backtest_id)
        return Kept(**rows[0]) if rows else None

    async def backtests(self, after: UUID | None, count: int) -> list[Kept]:
        """Return up to `count`, newest first, below a place."""
        return [Kept(**row) for row in await self._fetch("backtests", after or _LAST, count)]

    async def part(self, backtest_id: UUID, name: PartName, number: int) -> bytes | None:
        """Return a piece of what was left, by its number from 0; None behind the last."""
        body: bytes | None = await self._value("part", backtest_id, name, number)
        return body

    async def cancel(self, backtest_id: UUID, now: datetime) -> None:
        """End one that has not ended; who works on it notices when the lease is due."""
        await self._value("cancel", backtest_id, now)

    async def take(self, now: datetime, until: datetime) -> Taken | None:
        """Take the next for ourselves until an instant; None when there is none, or somebody else was faster."""
        backtest_id = await self._value("to_be_taken", now)
        if backtest_id is None:
            return None
        rows = await self._fetch("take", backtest_id, now, until)
        return Taken(self._tenant, backtest_id, *rows[0]) if rows else None

    async def hold_on(self, taken: Taken, until: datetime) -> bool:
        """Keep it for longer; False when it is not ours any more."""
        return await self._value("hold_on", taken.backtest_id, taken.epoch, until) is not None

    async def let_go(self, taken: Taken) -> None:
        """Let another gateway take it at once."""
        await self._value("let_go", taken.backtest_id, taken.epoch)

    async def move(self, taken: Taken, stage: str, done: int, total: int, items: int) -> None:
        """Note how far it is."""
        await self._value("move", taken.backtest_id, taken.epoch, stage, done, total, items)

    async def finish(self, taken: Taken, folder: Path, summary: str, now: datetime) -> None:
        """Note that it is done, with what lies in a folder; nothing is kept when it is not ours any more."""
        if await self._value("finish", taken.backtest_id, taken.epoch, now, summary) is None:
            return
        for name in PARTS:
            with (folder / name).open("rb") as stream:
                for number, body in enumerate(iter(lambda: stream.read(_PIECE), b"")):
                    await self._value("add_part", taken.backtest_id, name, number, body)

    async def fail(self, taken: Taken, why: str, now: datetime) -> None:
        """End one of which nothing can be made."""
        await self._value("fail", taken.backtest_id, taken.epoch, now, why)

    async def forget(self, until: datetime) -> int:
        """Forget some that ended by an instant, with what they left; returns how many."""
        gone = [row["backtest_id"] for row in await self._fetch("forgettable", until)]
        for backtest_id in gone:
            await self._value("forget_parts", backtest_id)
            await self._value("forget", backtest_id)
        return len(gone)


class BacktestStore(TenantStore[Session]):
    """The way to PostgreSQL."""

    opens = Session
