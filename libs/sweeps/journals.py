"""Journals as they lie in PostgreSQL, read back into the movements that they were made of. Only stores import it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from libs.ledger.decide import opening_movement
from libs.ledger.model import Account, Allocation, Kind, Loan, Lot, Movement, NewExpiry, Spared
from libs.runtime import sql

_QUERIES = sql.load("libs.sweeps", "journals.sql")


async def journals(
    connection: asyncpg.Connection, scope: tuple[int, int], members: Sequence[UUID]
) -> dict[UUID, list[Movement]]:
    """Return all movements of each member, in the order of their numbers; two queries, however many there are."""
    found: dict[UUID, list[Movement]] = {member: [] for member in members}
    for row in await connection.fetch(_QUERIES["openings"], *scope, list(members)):
        found[row["member_id"]].append(opening_movement(_lot(row)))
    for row in await connection.fetch(_QUERIES["movements"], *scope, list(members)):
        found[row["member_id"]].append(_movement(row))
    return {member: sorted(journal, key=lambda movement: movement.seq) for member, journal in found.items()}


def _lot(row: asyncpg.Record) -> Lot:
    lot = Lot(
        seq=row["seq"],
        wallet=row["wallet"],
        amount=row["amount"],
        remaining=row["amount"],
        held=0,
        earned_at=row["earned_at"],
        active_from=row["active_from"],
        expires_at=row["expires_at"],
        recorded_at=row["recorded_at"],
        policy_version=row["policy_version"],
        contributor=row["contributor"],
        opened_by=Kind(row["opened_by"]),
    )
    # What came from another member waits only where it was not active yet when it came.
    return replace(lot, pending=lot.active_from > lot.opened_at)


def _movement(row: asyncpg.Record) -> Movement:
    by = row["spared_by"]
    return Movement(
        seq=row["seq"],
        wallet=row["wallet"],
        kind=Kind(row["kind"]),
        from_account=Account(row["from_account"]),
        to_account=Account(row["to_account"]),
        amount=row["amount"],
        effective_at=row["effective_at"],
        recorded_at=row["recorded_at"],
        allocations=tuple([Allocation(*part) for part in zip(row["lots"], row["amounts"], strict=True)]),
        corrects=row["corrects"],
        new_expiry=NewExpiry(row["new_expires_at"]) if row["moves_expiry"] else None,
        spared=None if by is None else Spared(by, row["spared_as"], row["programme_version"]),
        loan=None if row["share"] is None else Loan(row["share"], row["due_at"]),
    )
