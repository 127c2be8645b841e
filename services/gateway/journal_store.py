"""A member's journal as it lies in PostgreSQL, read back into the movements that it was made of."""

from __future__ import annotations

from typing import Any

from libs.ledger.decide import opening_movement
from libs.ledger.model import Account, Allocation, Kind, Lot, Movement, NewExpiry
from libs.runtime import sql
from services.gateway.store import Member, Reading

_SQL = sql.load("services.gateway", "journal.sql")


async def journal(reading: Reading, member: Member) -> list[Movement]:
    """Return all movements of a member, in the order of their numbers; two queries, however many there are."""
    of_member = (member.programme_id, member.member_id)
    openings = [opening_movement(_lot(row)) for row in await reading.fetch(_SQL["openings"], *of_member)]
    movements = [_movement(row) for row in await reading.fetch(_SQL["movements"], *of_member)]
    return sorted([*openings, *movements], key=lambda movement: movement.seq)


def _lot(row: Any) -> Lot:
    return Lot(
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
        pending=row["active_from"] > row["earned_at"],
        opened_by=Kind(row["opened_by"]),
    )


def _movement(row: Any) -> Movement:
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
    )
