"""Expiry's only door to PostgreSQL: boundaries, sweeps, chunks, and the points that lapse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from libs.promotions.document import parse_programme
from libs.promotions.lapsing import SweepApproval
from libs.promotions.programme import Programme as Document
from libs.promotions.reminders import Reminder
from libs.runtime import sql
from libs.sweeps.calendar import Scattered, Turn, WalletPeriod, periods_of, scattered_of
from libs.sweeps.outlook import Worth, worth_of
from libs.sweeps.preview import Share, Total, totals
from libs.sweeps.reminders import Series, reminders_of, series_of
from services.expiry.approval import NO_BOUNDS

_QUERIES = sql.load("services.expiry", "sweeps.sql")
_PATIENCE = 600.0
"""Seconds for a statement that reads a whole programme."""

Scope = tuple[int, int]
"""Tenant and programme, as rows name them."""


class Version(NamedTuple):
    """What a version of a programme says of expiry: its zone and periods, what points are worth, whom to remind.

    `scattered` are wallets whose points may lapse on any day.
    """

    zone: str
    periods: frozenset[WalletPeriod]
    scattered: frozenset[Scattered]
    worth: Worth
    approval: SweepApproval
    reminders: Mapping[str, tuple[Reminder, ...]]


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme by its slugs: the periods of all versions, zone, worth and bounds of the last, whom each reminds."""

    tenant: str
    programme: str
    zone: str
    periods: frozenset[WalletPeriod]
    worth: Worth
    scattered: frozenset[Scattered] = frozenset()
    approval: SweepApproval = NO_BOUNDS
    series: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as it stands."""

    tenant_id: int
    programme_id: int
    boundary: datetime
    sweep_id: UUID
    local_date: date
    state: str
    asked: str | None
    asked_by: str | None
    cause: UUID
    members: int
    started_at: datetime | None
    told_at: datetime | None
    approved_by: str | None = None

    @property
    def key(self) -> tuple[int, int, datetime]:
        """Its name, as rows have it."""
        return self.tenant_id, self.programme_id, self.boundary


@dataclass(frozen=True, slots=True)
class Chunk:
    """Members of a sweep behind `after`, up to `last`, as held under `epoch`; and what was done to them so far."""

    tenant_id: int
    programme_id: int
    boundary: datetime
    number: int
    after: UUID
    last: UUID
    epoch: int
    members: int = 0
    left_alone: int = 0
    done: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def sweep(self) -> tuple[int, int, datetime]:
        """The sweep that it is a part of."""
        return self.tenant_id, self.programme_id, self.boundary


class Lapsed(NamedTuple):
    """A movement that was made: what lapsed of a member and wallet at an instant."""

    member_id: UUID
    seq: int
    spread: int
    wallet: str
    points: int
    effective_at: datetime
    lots: Sequence[int]
    amounts: Sequence[int]


class Progress(NamedTuple):
    """How far a running sweep is."""

    sweep: Sweep
    chunks: int
    chunks_finished: int
    members_done: int


class VersionReader:
    """Reads what versions say of expiry; each is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, str], Version] = {}

    async def load(self, connection: asyncpg.Connection) -> dict[Scope, Programme]:
        """Return every programme that has a version.

        Raises:
            libs.promotions.document.ProgrammeInvalid: a stored document is none.
        """
        found: dict[Scope, Programme] = {}
        reminding: dict[Scope, list[tuple[int, datetime, Mapping[str, tuple[Reminder, ...]]]]] = {}
        for row in await connection.fetch(_QUERIES["versions"]):
            scope = (row["tenant_id"], row["programme_id"])
            name = (*scope, row["version"], row["hash"])
            version = self._known.get(name)
            if version is None:
                document = parse_programme(orjson.loads(await connection.fetchval(_QUERIES["document"], *name)))
                version = self._known[name] = _version(document)
            before = found.get(scope)
            periods = version.periods if before is None else before.periods | version.periods
            scattered = version.scattered if before is None else before.scattered | version.scattered
            about = (version.zone, periods, version.worth, scattered, version.approval)
            found[scope] = Programme(row["tenant"], row["programme"], *about)
            reminding.setdefault(scope, []).append((row["version"], row["active_from"], version.reminders))
        return {scope: replace(each, series=series_of(reminding[scope])) for scope, each in found.items()}


def _version(document: Document) -> Version:
    about = (periods_of(document), scattered_of(document), worth_of(document))
    return Version(document.zone, *about, document.sweep_approval, reminders_of(document))


async def last_boundary(connection: asyncpg.Connection, scope: Scope) -> tuple[datetime | None, bool]:
    """Return the last boundary that was announced, and whether any sweep is not over."""
    row = await connection.fetchrow(_QUERIES["last_boundary"], *scope)
    return row["last"], bool(row["open"])


async def announced(
    connection: asyncpg.Connection, scope: Scope, now: datetime
) -> tuple[datetime | None, frozenset[datetime]]:
    """Return the last boundary with a sweep that is past, and those that are ahead."""
    row = await connection.fetchrow(_QUERIES["announced"], *scope, now)
    return row["past"], frozenset(row["ahead"])


async def days_due(connection: asyncpg.Connection, scope: Scope, after: datetime, until: datetime) -> list[datetime]:
    """Return the instants behind one and no later than another at which the next points of any member lapse.

    It reads all heads.
    """
    rows = await connection.fetch(_QUERIES["days_due"], *scope, after, until, timeout=_PATIENCE)
    return [row["at"] for row in rows]


async def first_due(connection: asyncpg.Connection, scope: Scope) -> datetime | None:
    """Return when the first points of a programme lapse, or have lapsed without being swept."""
    found: datetime | None = await connection.fetchval(_QUERIES["first_due"], *scope, timeout=_PATIENCE)
    return found


async def announce(
    connection: asyncpg.Connection,
    scope: Scope,
    turn: Turn,
    sweep_id: UUID,
    cause: UUID,
    shares: Sequence[Share],
    now: datetime,
) -> bool:
    """Store a boundary that comes, and say whether it is new."""
    about = turn.boundary
    made = await connection.fetchval(
        _QUERIES["announce"], *scope, about.instant, sweep_id, about.local_date, about.zone, about.tzdata,
        list(turn.wallets), cause, _json([share._asdict() for share in shares]), now,
    )  # fmt: skip
    return made is not None


async def on_duty(connection: asyncpg.Connection) -> bool:
    """Whether this transaction is the one that sees to what sweeps there are."""
    return bool(await connection.fetchval(_QUERIES["duty"]))


async def open_sweeps(connection: asyncpg.Connection) -> list[Sweep]:
    """Return the earliest sweep of each programme that is not over."""
    return [_sweep(row) for row in await connection.fetch(_QUERIES["startable"])]


async def asked_for(connection: asyncpg.Connection) -> list[Sweep]:
    """Return the sweeps of which a person wants something, locked."""
    return [_sweep(row) for row in await connection.fetch(_QUERIES["asked"])]


async def hold_back(connection: asyncpg.Connection, key: tuple[int, int, datetime]) -> bool:
    """Let a sweep wait for a second person, and say whether it does: nobody has agreed yet and it has not started."""
    return await connection.fetchval(_QUERIES["hold_back"], *key) is not None


async def approve(connection: asyncpg.Connection, sweep: Sweep, now: datetime) -> None:
    """Note that whoever asked for it agreed; the sweep stands as it did when it was announced."""
    await connection.execute(_QUERIES["approve"], *sweep.key, now)


async def turn_to(connection: asyncpg.Connection, sweep: Sweep, state: str, now: datetime) -> None:
    """Do what was asked: the sweep is in another state, or in the same as before."""
    await connection.execute(_QUERIES["turn"], *sweep.key, state, now)


async def start(connection: asyncpg.Connection, sweep: Sweep, size: int, now: datetime, wall: datetime) -> int:
    """Cut the members who are due into chunks of `size`, let the sweep run, and return how many they are."""
    members = await cut(connection, sweep, size, plain=False)
    await connection.execute(_QUERIES["start"], *sweep.key, now, members, wall)
    return members


async def cut(connection: asyncpg.Connection, sweep: Sweep, size: int, *, plain: bool) -> int:
    """Add chunks for the members who are due, or only for `plain` ones, and return how many these are."""
    members: int = await connection.fetchval(_QUERIES["cut"], *sweep.key, size, plain, timeout=_PATIENCE)
    return members


async def anybody_due(connection: asyncpg.Connection, sweep: Sweep) -> bool:
    """Whether anything has lapsed by the boundary that nobody has written down."""
    return bool(await connection.fetchval(_QUERIES["still_due"], *sweep.key, timeout=_PATIENCE))


async def running(connection: asyncpg.Connection) -> list[Progress]:
    """Return the sweeps that run, and how far they are."""
    return [
        Progress(_sweep(row), row["chunks"], row["chunks_finished"], min(row["done"] or 0, row["members"]))
        for row in await connection.fetch(_QUERIES["running"])
    ]


async def told(connection: asyncpg.Connection, sweep: Sweep, wall: datetime) -> None:
    """Remember that progress was published."""
    await connection.execute(_QUERIES["tell"], *sweep.key, wall)


async def done(connection: asyncpg.Connection, sweep: Sweep) -> list[Total]:
    """Return what a sweep has written down, by wallet."""
    chunks = [orjson.loads(row["done"]) for row in await connection.fetch(_QUERIES["done"], *sweep.key)]
    return totals(Share(None, wallet, **one) for chunk in chunks for wallet, one in chunk.items())


async def finish(connection: asyncpg.Connection, sweep: Sweep, now: datetime) -> list[Total]:
    """End a sweep, and return all that lapsed at its boundary, as the ledger has it."""
    lapsed = [Total(*row) for row in await connection.fetch(_QUERIES["lapsed"], *sweep.key, timeout=_PATIENCE)]
    await connection.execute(_QUERIES["finish"], *sweep.key, now, _json([total._asdict() for total in lapsed]))
    return lapsed


async def claim(connection: asyncpg.Connection, holder: str, wall: datetime, lease_until: datetime) -> Chunk | None:
    """Take a chunk that nobody works on; None when there is none."""
    row = await connection.fetchrow(_QUERIES["claim"], holder, wall, lease_until)
    return None if row is None else Chunk(**{**row, "done": orjson.loads(row["done"])})


async def sweep_of(connection: asyncpg.Connection, chunk: Chunk) -> tuple[Sweep, str, str]:
    """Return the sweep of a chunk with the slugs of tenant and programme."""
    row = await connection.fetchrow(_QUERIES["sweep"], *chunk.sweep)
    return _sweep(row), row["tenant"], row["programme"]


async def due_members(connection: asyncpg.Connection, chunk: Chunk) -> dict[UUID, bool]:
    """Return the members of a chunk who are due, in order, and whether something may spare each."""
    return dict(await connection.fetch(_QUERIES["due"], *chunk.sweep, chunk.after, chunk.last))


async def holds(connection: asyncpg.Connection, chunk: Chunk) -> bool:
    """Lock a chunk, and say whether it is still ours and its sweep runs."""
    return await connection.fetchval(_QUERIES["hold"], *chunk.sweep, chunk.number, chunk.epoch) is not None


async def lapse(
    connection: asyncpg.Connection, chunk: Chunk, cause: UUID, members: Sequence[UUID], now: datetime
) -> list[Lapsed]:
    """Let what these members have lapse, as far as it is plain and nobody else has them in hand."""
    return [Lapsed(*row) for row in await connection.fetch(_QUERIES["lapse"], *chunk.sweep, now, cause, list(members))]


async def move_on(connection: asyncpg.Connection, chunk: Chunk, lease_until: datetime, *, finished: bool) -> None:
    """Store how far a chunk is; its row is locked."""
    await connection.execute(
        _QUERIES["move_on"], *chunk.sweep, chunk.number, chunk.after, lease_until, finished, chunk.members,
        chunk.left_alone, _json(chunk.done),
    )  # fmt: skip


async def finish_chunk(connection: asyncpg.Connection, chunk: Chunk) -> None:
    """Note that nobody of a chunk is due any more, if it is still ours."""
    await connection.execute(_QUERIES["finish_chunk"], *chunk.sweep, chunk.number, chunk.epoch)


async def let_go(connection: asyncpg.Connection, chunk: Chunk) -> None:
    """Give a chunk back before its lease ends."""
    await connection.execute(_QUERIES["let_go"], *chunk.sweep, chunk.number, chunk.epoch)


def after_step(chunk: Chunk, asked: Sequence[UUID], lapsed: Sequence[Lapsed], spared: Collection[UUID] = ()) -> Chunk:
    """Return a chunk as it is after a step: `asked` are the members taken up, `lapsed` what it did to them.

    `spared` are those of whom something lives on.
    """
    sums = {wallet: dict(one) for wallet, one in chunk.done.items()}
    counted: set[tuple[UUID, str]] = set()
    for each in lapsed:
        one = sums.setdefault(each.wallet, {"members": 0, "lots": 0, "points": 0})
        one["members"] += (each.member_id, each.wallet) not in counted
        one["lots"] += len(each.lots)
        one["points"] += each.points
        counted.add((each.member_id, each.wallet))
    reached = len({each.member_id for each in lapsed}.union(spared))
    return replace(
        chunk,
        after=asked[-1],
        members=chunk.members + reached,
        left_alone=chunk.left_alone + len(asked) - reached,
        done=sums,
    )


def _sweep(row: asyncpg.Record) -> Sweep:
    return Sweep(**{name: row[name] for name in Sweep.__dataclass_fields__})


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
