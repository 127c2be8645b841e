"""The history as PostgreSQL has it: pages of decisions and stories of receipts, page by page in one snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import orjson

from libs.backtest.history import (
    PERSONAL,
    SPENDING,
    Item,
    ListTurn,
    Move,
    Portion,
    Profile,
    Redeemed,
    Scheme,
    State,
    StoredMerge,
    StoredRate,
    StoredTurn,
    StoredVersion,
    Word,
    activity_item,
    plain_item,
    receipt_item,
)
from libs.judging.versions import OWN_SOURCE, longest_prefix
from libs.ledger.zones import load_zone
from libs.promotions.pages import PAGE_RECEIPTS, StoredDecision, read_page
from libs.promotions.pending import start_of_day
from libs.promotions.switches import switch_name
from libs.receipts.story import read_story
from libs.runtime import sql
from libs.runtime.keys import receipt_key

_QUERIES = sql.load("libs.backtest", "history.sql")
_PAGES = 64
_STORIES = 500
_MEMBERS = 2_000
_MARGIN = timedelta(days=1)
"""By how much the clocks of workers and of those who send may be apart at the most."""
_FIRST = UUID(int=0)


class PostgresHistory:
    """Reads one programme's history on a connection that is in a read-only transaction of its own.

    An item counts by the time of what it tells, and lies wherever it was recorded: so every page since then is read.
    """

    personal = PERSONAL

    def __init__(
        self, connection: asyncpg.Connection, scope: tuple[int, int], scheme: Scheme, sources: Mapping[str, int]
    ) -> None:
        self._connection = connection
        self._tenant_id, self._programme_id = scope
        self._sources = sources
        self.scheme = scheme
        self.total = 0

    async def size(self, since: datetime) -> int:
        """About how many items count from an instant on."""
        pages = await self._connection.fetchval(_QUERIES["count_pages"], self._tenant_id, _earliest(since))
        self.total = int(pages) * PAGE_RECEIPTS
        return self.total

    async def portions(self, since: datetime, until: datetime) -> AsyncIterator[Portion]:
        """Read the items that count from `since` on and before `until`, aware instants."""
        await self.size(since)
        page, done = -1, 0
        while rows := await self._connection.fetch(_QUERIES["pages"], self._tenant_id, page, _earliest(since), _PAGES):
            page, done = rows[-1]["page"], done + len(rows) * PAGE_RECEIPTS
            decisions = [decision for row in rows for decision in read_page(row["body"])]
            items = await self._items(decisions)
            yield _within(items, since, until, done)
        key = _FIRST
        while rows := await self._connection.fetch(
            _QUERIES["stories"], self._tenant_id, self._programme_id, key, _STORIES
        ):
            key = rows[-1]["receipt_key"]
            told = [receipt_item(_plain_uuid(row["receipt_key"]), read_story(row["story"])) for row in rows]
            yield _within(told, since, until, done)

    async def profiles(self, asked: Collection[str] = ()) -> AsyncIterator[Sequence[Profile]]:
        """Read what is known of each member, some at a time: with the tiers that people named, and lists.

        `asked` names what else is read: of profiles attributes and birthday, and what was done with points.
        """
        personal = [name for name in asked if name in PERSONAL]
        member = _FIRST
        while rows := await self._connection.fetch(
            _QUERIES["members"], self._tenant_id, self._programme_id, member, _MEMBERS, self._lists()
        ):
            member = rows[-1]["member_id"]
            members = [row["member_id"] for row in rows]
            states = await self._states(members, personal) if personal else {}
            moves, redeemed = await self._spending(members) if SPENDING in asked else ({}, {})
            yield [
                msgspec.structs.replace(
                    _profile(row),
                    states=states.get(row["member_id"], ()),
                    moves=tuple(moves.get(row["member_id"], ())),
                    redeemed=tuple(redeemed.get(row["member_id"], ())),
                )
                for row in rows
            ]

    async def _spending(self, members: Sequence[UUID]) -> tuple[dict[UUID, list[Move]], dict[UUID, list[Redeemed]]]:
        scope = (self._tenant_id, self._programme_id, members)
        moves: dict[UUID, list[Move]] = {}
        for member_id, *move in await self._connection.fetch(_QUERIES["moves"], *scope):
            moves.setdefault(member_id, []).append(Move(*move))
        zone, redeemed = load_zone(self.scheme.zone), dict[UUID, list[Redeemed]]()
        for row in await self._connection.fetch(_QUERIES["redeemed"], *scope):
            redeemed.setdefault(row["member_id"], []).extend(_redeemed(row, zone))
        return moves, {each: sorted(turns, key=lambda turn: turn.at) for each, turns in redeemed.items()}

    def _lists(self) -> list[str]:
        """The static lists that any version names."""
        segments = [each for version in self.scheme.versions for each in version.document.get("segments", ())]
        return sorted({each["name"] for each in segments if each.get("list")})

    async def _states(self, members: Sequence[UUID], personal: Collection[str]) -> dict[UUID, tuple[State, ...]]:
        rows = await self._connection.fetch(_QUERIES["states"], self._tenant_id, self._programme_id, members)
        found: dict[UUID, list[State]] = {}
        for row in rows:
            birthday = None if row["birthday"] is None or "birthday" not in personal else divmod(row["birthday"], 100)
            attributes = orjson.loads(row["attributes"]) if "attributes" in personal else {}
            state = State(row["revision"], row["recorded_at"], birthday, attributes)
            found.setdefault(row["member_id"], []).append(state)
        return {member_id: tuple(states) for member_id, states in found.items()}

    async def _items(self, decisions: Sequence[StoredDecision]) -> list[Item | None]:
        """The plain purchases and the activities among decisions; None for what is nobody's."""
        own = [each for each in decisions if each.kind in _KINDS and self._is_ours(each.source)]
        bought = {}
        for each in own:
            if each.kind == _PURCHASE:
                number = _read_number(each.facts)
                key = receipt_key(self._tenant_id, self._programme_id, number.store, number.receipt_number)
                bought[_plain_uuid(key)] = each
        found = await self._connection.fetch(_QUERIES["plain"], self._tenant_id, self._programme_id, list(bought))
        plain = [_plain_uuid(row["receipt_key"]) for row in found]
        items = [plain_item(key, bought[key]) for key in plain]
        return items + [activity_item(each) for each in own if each.kind == _ACTIVITY]

    def _is_ours(self, source: str) -> bool:
        return longest_prefix(self._sources, source) == self._programme_id


_PURCHASE, _ACTIVITY = "purchase.completed", "activity.recorded"
_KINDS = (_PURCHASE, _ACTIVITY)


@asynccontextmanager
async def reading(dsn: str, tenant_id: int, programme_id: int) -> AsyncIterator[PostgresHistory]:
    """Open the history of a programme, in one snapshot that lasts until the end.

    `dsn` is a connection of the operator, or of a role that may read what earning keeps.

    Raises:
        asyncpg.PostgresError, OSError: the database can't be reached or read.
    """
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "pointstream-history"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_QUERIES["settings"])
            await connection.execute(_QUERIES["tenant"], str(tenant_id))
            scheme = await _scheme(connection, tenant_id, programme_id)
            rows = await connection.fetch(_QUERIES["sources"], tenant_id)
            sources = {row["source_prefix"]: row["programme_id"] for row in rows}
            sources[f"{OWN_SOURCE}/{scheme.tenant}/{scheme.programme}"] = programme_id
            yield PostgresHistory(connection, (tenant_id, programme_id), scheme, sources)
    finally:
        await connection.close()


async def _scheme(connection: asyncpg.Connection, tenant_id: int, programme_id: int) -> Scheme:
    named = await connection.fetchrow(_QUERIES["programme"], tenant_id, programme_id)
    versions = await connection.fetch(_QUERIES["versions"], tenant_id, programme_id)
    rates = await connection.fetch(_QUERIES["rates"], tenant_id, programme_id)
    turns = await connection.fetch(_QUERIES["turns"], tenant_id, programme_id)
    merges = await connection.fetch(_QUERIES["merges"], tenant_id, programme_id)
    first = await connection.fetchval(_QUERIES["first_enrolment"], tenant_id, programme_id)
    return Scheme(
        named["tenant"],
        named["programme"],
        named["zone"],
        named["currency"],
        tuple([StoredVersion(row["version"], row["active_from"], orjson.loads(row["document"])) for row in versions]),
        tuple([StoredRate(*row) for row in rates]),
        tuple([StoredTurn(switch_name(kind, value), *between) for kind, value, *between in turns]),
        first,
        tuple([_merge(row) for row in merges]),
    )


class _Number(msgspec.Struct, frozen=True, gc=False):
    """What of a purchase names its receipt."""

    receipt_number: str
    store: str | None = None


_read_number = msgspec.json.Decoder(_Number).decode


def _merge(row: asyncpg.Record) -> StoredMerge:
    merged, survivor = [_plain_uuid(row[name]) for name in ("member_id", "survivor_id")]
    return StoredMerge(merged, survivor, row["merged_at"], row["undone_at"])


def _redeemed(row: asyncpg.Record, zone: ZoneInfo) -> Iterator[Redeemed]:
    """From when on a redemption counted. One that was held first has done so since some moment of its day."""
    day, asked_at = row["counted_on"], row["asked_at"]
    yield Redeemed(max(asked_at, start_of_day(day, zone)), day, 1)
    if row["state"] == "cancelled":
        yield Redeemed(row["changed_at"], day, -1)


def _profile(row: asyncpg.Record) -> Profile:
    said = zip(row["said_at"], row["causes"], row["tiers"], strict=True)
    words = tuple([Word(at, _plain_uuid(cause), tier) for at, cause, tier in said])
    member_id, lists = _plain_uuid(row["member_id"]), tuple(row["lists"])
    turned = zip(row["turned_at"], row["turned"], row["entered"], strict=True)
    turns = [ListTurn(at, name, entered) for at, name, entered in turned]
    seen = {turn.list for turn in turns}
    listed = zip(row["lists"], row["added_at"], strict=True)
    turns += [ListTurn(at, name, seen=False) for name, at in listed if name not in seen]
    turns.sort(key=lambda turn: turn.at)
    return Profile(member_id, row["enrolled_at"], words, row["recorded_at"], lists, turns=tuple(turns))


def _within(items: Sequence[Item | None], since: datetime, until: datetime, done: int) -> Portion:
    return Portion([item for item in items if item is not None and since <= item.at < until], done)


def _earliest(since: datetime) -> datetime:
    return since - _MARGIN if since.year > 1 else since


def _plain_uuid(key: UUID) -> UUID:
    """As Python makes it; the driver's own kind is equal, and encoded by nobody else."""
    return UUID(int=key.int)
