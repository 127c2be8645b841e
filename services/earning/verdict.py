"""Members and movements as a batch has them in hand: what deciding and announcing share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from libs.ledger.model import Movement
from libs.promotions.facts import MemberFacts

MemberName = tuple[int, int, UUID]
"""Tenant, programme and id of a member."""

CounterName = tuple[int, int, str]
"""Tenant, programme and key of a counter."""


@dataclass(slots=True)
class Standing:
    """A member as the batch has come to it: the last number given, where the member's events go, what time will do."""

    facts: MemberFacts
    seq: int
    spread: int
    text: str
    key: bytes
    activates_at: datetime | None = None
    lapses_at: datetime | None = None
    owing: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether something must be recorded before, or repaid out of, whatever comes: all lots are needed then."""
        return (
            self.owing
            or (self.lapses_at is not None and self.lapses_at <= now)
            or (self.activates_at is not None and self.activates_at <= now)
        )


class Cause(Struct, frozen=True):
    """The event that brings a movement about: its key in the inbox, and how its sender names it."""

    key: UUID
    source: str
    id: str


class Made(Struct, frozen=True):
    """A movement that a batch made.

    `carried` when its lot was carried to a later boundary, `owed` the debt left in its wallet, `lapses_at` when the
    lots that it touched lapse.
    """

    movement: Movement
    cause: Cause
    carried: bool = False
    owed: int = 0
    lapses_at: datetime | None = None
    reason: str | None = None


class Given(NamedTuple):
    """Something beside points that a member gets by an event, or has to give back; `number` tells those of it apart."""

    campaign: str
    kind: str
    reference: str
    quantity: int
    cause: Cause
    number: int
    back: bool = False
