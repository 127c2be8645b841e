"""Members as a batch has them in hand: what deciding and announcing share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from libs.lives.made import Cause
from libs.promotions.facts import MemberFacts

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


class Given(NamedTuple):
    """Something beside points that a member gets by an event, or has to give back; `number` tells those of it apart."""

    campaign: str
    kind: str
    reference: str
    quantity: int
    cause: Cause
    number: int
    back: bool = False
