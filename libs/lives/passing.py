"""Points that go from one member in hand to another: each side is recorded with who the other one is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from libs.ledger.model import Allocation, Kind, Movement
from libs.ledger.transfer import Passed, pass_on
from libs.lives.life import Life
from libs.lives.made import Cause


def record(life: Life, other: Life, movements: Sequence[Movement], cause: Cause, reason: str) -> None:
    """Record one side of a transfer, and with each movement of it who the other side is."""
    before = len(life.made)
    life.record(movements, cause, reason)
    counterpart = other.name[2]
    life.made[before:] = [
        structs.replace(made, counterpart=counterpart) if made.movement.kind is Kind.TRANSFER else made
        for made in life.made[before:]
    ]


def pass_all_on(merged: Life, survivor: Life, cause: Cause, reason: str, now: datetime) -> tuple[Passed, ...]:
    """Give whom a member was merged into all that came to the merged one since; most often that is nothing."""
    parts = [Allocation(lot.seq, lot.remaining) for lot in merged.ledger.lots if lot.remaining]
    if not parts:
        return ()
    survivor.catch_up(now, cause)
    made = pass_on(merged.ledger, survivor.ledger, parts, now)
    record(merged, survivor, made.given, cause, reason)
    record(survivor, merged, made.received, cause, reason)
    return made.passed
