"""What a boundary does to one member: which lots, from which purchases, and why. Stores and commands alone load it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import orjson
from msgspec.structs import replace

from libs.ledger.boundary import day_ends
from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all, replay
from libs.ledger.keeping import read_spans
from libs.ledger.model import Kind, Lot, Movement, Span
from libs.promotions.pages import StoredDecision, pick
from libs.runtime import sql
from libs.sweeps.journals import journals

_QUERIES = sql.load("libs.sweeps", "fates.sql")
Happens = Literal["lapsed", "lapses", "spared", "reinstated"]
_DAY = timedelta(days=1)


class Touched(NamedTuple):
    """What happens to points of one lot: `written` where a movement says so already, else time alone does it."""

    what: Happens
    at: datetime
    points: int
    lot: Lot
    written: bool


class Fate(NamedTuple):
    """The same with what is known of the lot: the event that earned it, and what its version says of expiry."""

    touched: Touched
    earned_by: StoredDecision | None
    policy: dict[str, Any] | None

    @property
    def store(self) -> str | None:
        """The store of the purchase that earned it."""
        return None if self.earned_by is None else _read(self.earned_by.facts).store

    @property
    def receipt_number(self) -> str | None:
        """The number of the receipt that earned it."""
        return None if self.earned_by is None else _read(self.earned_by.facts).receipt_number


class _Facts(msgspec.Struct, gc=False):
    store: str | None = None
    receipt_number: str | None = None


_read = msgspec.json.Decoder(_Facts).decode


def day_of(last_day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return behind which instant, and up to which, points lapse that were good to a day: a boundary's and others."""
    return day_ends(last_day - _DAY, zone), day_ends(last_day, zone)


def touched(
    member_id: UUID,
    journal: Sequence[Movement],
    span: tuple[datetime, datetime],
    now: datetime,
    keeps: tuple[Span, ...] = (),
) -> list[Touched]:
    """Return what a boundary does, or did, to each lot of a member, recorded or not; in the order of time.

    `keeps` is what spares the member's points.
    """
    after, until = span
    ledger = replace(replay(member_id, journal), keeps=keeps)
    ahead = catch_up(ledger, until, now)
    ledger = apply_all(ledger, ahead)
    found: list[Touched] = []
    lapsed: set[int] = set()
    for movement in (*journal, *ahead):
        written = movement.seq <= len(journal)
        what: Happens | None = None
        ended = movement.kind is Kind.EXPIRE or movement.spared is not None
        if ended and after < movement.effective_at <= until:
            lapsed.add(movement.seq)
            what = "spared" if movement.spared is not None else "lapsed" if movement.effective_at <= now else "lapses"
        elif movement.kind is Kind.RESTORE and movement.corrects in lapsed:
            what = "reinstated"
        if what is not None:
            for part in movement.allocations:
                lot = ledger.lot(part.lot_seq)
                assert lot is not None, "a movement names lots of its member"
                found.append(Touched(what, movement.effective_at, part.amount, lot, written))
    return found


async def load_fates(
    connection: asyncpg.Connection,
    scope: tuple[int, int],
    member_id: UUID,
    span: tuple[datetime, datetime],
    now: datetime,
) -> list[Fate]:
    """Return what a boundary does, or did, to a member, with the purchases behind it and the policy of each lot."""
    journal = (await journals(connection, scope, [member_id]))[member_id]
    keeps = read_spans(await connection.fetchval(_QUERIES["keeps"], *scope, member_id))
    found = touched(member_id, journal, span, now, keeps)
    seqs = list({each.lot.seq for each in found})
    causes = {row["seq"]: row["cause"] for row in await connection.fetch(_QUERIES["causes"], *scope, member_id, seqs)}
    rows = await connection.fetch(_QUERIES["decisions"], scope[0], list(causes.values()))
    decisions = {one.key: one for row in rows for one in pick(row["body"], row["event_keys"])}
    policies = await _policies(connection, scope, {each.lot.policy_version for each in found})
    return [
        Fate(each, decisions.get(causes[each.lot.seq]), policies.get((each.lot.policy_version, each.lot.wallet)))
        for each in found
    ]


async def _policies(
    connection: asyncpg.Connection, scope: tuple[int, int], versions: Iterable[int]
) -> dict[tuple[int, str], dict[str, Any]]:
    rows = await connection.fetch(_QUERIES["policies"], *scope, list(versions))
    return {
        (row["version"], wallet["name"]): wallet["expiry"] for row in rows for wallet in orjson.loads(row["wallets"])
    }
