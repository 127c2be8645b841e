"""What lapses at a boundary, to the point: the dry run of a sweep. Only stores and the command line import it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.ledger.catch_up import catch_up
from libs.ledger.keeping import read_spans
from libs.ledger.model import Debt, Kind, Lot, MemberLedger
from libs.runtime import sql

_QUERIES = sql.load("libs.sweeps", "preview.sql")
_PAGE = 500
_PATIENCE = 600.0
"""Seconds for the statement that reads the lots of a whole programme."""


class Share(NamedTuple):
    """What members of one tier lose of one wallet."""

    tier: str | None
    wallet: str
    members: int
    lots: int
    points: int


class Total(NamedTuple):
    """What lapses of one wallet."""

    wallet: str
    members: int
    lots: int
    points: int


def totals(shares: Iterable[Share]) -> list[Total]:
    """Add shares up by wallet."""
    sums: dict[str, Counter[str]] = {}
    for share in shares:
        sums.setdefault(share.wallet, Counter()).update(members=share.members, lots=share.lots, points=share.points)
    return [Total(wallet, one["members"], one["lots"], one["points"]) for wallet, one in sorted(sums.items())]


class SparedShare(NamedTuple):
    """What of one wallet does not lapse for members of one tier, and what spares it: a tier, a segment, a person."""

    tier: str | None
    wallet: str
    spared_by: str
    spared_as: str
    members: int
    lots: int
    points: int


class Preview(NamedTuple):
    """What lapses at a boundary, and what is spared."""

    lapsing: list[Share]
    spared: list[SparedShare]


async def preview(connection: asyncpg.Connection, scope: tuple[int, int], boundary: datetime) -> list[Share]:
    """Return what lapses by `boundary` and nobody has recorded, by tier and wallet, if nothing comes before it.

    It changes nothing and locks nothing; in a transaction of one snapshot it is of one moment.
    """
    return (await preview_all(connection, scope, boundary)).lapsing


async def preview_all(connection: asyncpg.Connection, scope: tuple[int, int], boundary: datetime) -> Preview:
    """Return what lapses by `boundary` as `preview` does, and what is spared by then, apart from it."""
    found: dict[tuple[str | None, str], Counter[str]] = {}
    spared: dict[tuple[str | None, str, str, str], Counter[str]] = {}
    for tier, wallet, members, lots, points in await connection.fetch(
        _QUERIES["plain"], *scope, boundary, timeout=_PATIENCE
    ):
        found[tier, wallet] = Counter(members=members, lots=lots, points=points)
    after = UUID(int=0)
    while heads := await connection.fetch(_QUERIES["activating"], *scope, boundary, after, _PAGE):
        after = heads[-1]["member_id"]
        tiers = {head["member_id"]: head["tier"] for head in heads}
        for ledger in await load_ledgers(connection, scope, heads):
            for wallet, lapsing in lapses(ledger, boundary).items():
                found.setdefault((tiers[ledger.member_id], wallet), Counter()).update(lapsing)
            for reason, kept in spares(ledger, boundary).items():
                spared.setdefault((tiers[ledger.member_id], *reason), Counter()).update(kept)
    return Preview(
        [Share(*key, *_counts(found[key])) for key in sorted(found, key=_place)],
        [SparedShare(*key, *_counts(spared[key])) for key in sorted(spared, key=_place)],
    )


def _place(key: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple([part or "" for part in key])


def _counts(one: Counter[str]) -> tuple[int, int, int]:
    return one["members"], one["lots"], one["points"]


def lapses(ledger: MemberLedger, boundary: datetime, since: datetime | None = None) -> dict[str, Counter[str]]:
    """Return what a member loses by `boundary`, by wallet: the pure function, for whatever is not plain.

    With `since`, only what lapses behind that instant.
    """
    found: dict[str, Counter[str]] = {}
    for movement in catch_up(ledger, boundary, boundary):
        if movement.kind is Kind.EXPIRE and (since is None or movement.effective_at > since):
            one = found.setdefault(movement.wallet, Counter(members=1))
            one.update(lots=len(movement.allocations), points=movement.amount)
    return found


def spares(ledger: MemberLedger, boundary: datetime) -> dict[tuple[str, str, str], Counter[str]]:
    """Return what does not lapse of a member by `boundary`, by wallet and by what spares it; once a boundary."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for movement in catch_up(ledger, boundary, boundary) if ledger.keeps else ():
        if movement.spared is not None:
            key = (movement.wallet, movement.spared.by, movement.spared.name)
            found.setdefault(key, Counter(members=1)).update(lots=len(movement.allocations), points=movement.amount)
    return found


async def load_ledger(connection: asyncpg.Connection, scope: tuple[int, int], member_id: UUID) -> MemberLedger:
    """Return the ledger of one member; an empty one of somebody who has none."""
    heads = await connection.fetch(_QUERIES["head"], *scope, member_id)
    found = await load_ledgers(connection, scope, heads)
    return found[0] if found else MemberLedger(member_id)


async def load_ledgers(
    connection: asyncpg.Connection, scope: tuple[int, int], heads: Iterable[asyncpg.Record]
) -> list[MemberLedger]:
    """Return the ledgers of members, as far as anything is left or owed in them; `heads` have their id,
    number and what spares them."""
    seqs = {head["member_id"]: (head["seq"], read_spans(head["keeps"])) for head in heads}
    lots: dict[UUID, list[Lot]] = {}
    debts: dict[UUID, list[Debt]] = {}
    for row in await connection.fetch(_QUERIES["lots"], *scope, list(seqs)):
        about = {name: row[name] for name in Lot.__struct_fields__ if name != "opened_by"}
        lots.setdefault(row["member_id"], []).append(Lot(**about, opened_by=Kind(row["opened_by"])))
    for row in await connection.fetch(_QUERIES["debts"], *scope, list(seqs)):
        debts.setdefault(row["member_id"], []).append(Debt(*row[1:]))
    return [
        MemberLedger(member, seq, tuple(lots.get(member, ())), tuple(debts.get(member, ())), keeps)
        for member, (seq, keeps) in seqs.items()
    ]
