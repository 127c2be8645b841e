"""What serving codes and gift cards has in common: refusals with all their reasons, answers that repeat, one event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from libs.codes.keeping import CodeKeeper
from libs.codes.pattern import Random
from libs.contracts.codes import ValueAnswer
from libs.contracts.writer import EventWriter
from libs.runtime.batch import Outgoing
from libs.runtime.clock import Clock
from libs.runtime.keys import event_id, kafka_partition_hash
from services.redemption.deciding import REUSED, Known
from services.redemption.domain import Refusal
from services.redemption.programmes import Programmes
from services.redemption.settings import RedemptionSettings
from services.redemption.telling import REWARDS, SOURCE


@dataclass(eq=False)
class NotDone(Exception):
    """Carries a refusal out of a transaction, which is undone; `reasons` are all that speak against it."""

    refusal: Refusal
    reasons: Sequence[tuple[str, str]] = ()
    retry_after: int | None = None

    @property
    def answer(self) -> ValueAnswer:
        """It as an answer."""
        return ValueAnswer(
            refused=self.refusal.code,
            detail=self.refusal.detail,
            reasons=tuple(self.reasons),
            retry_after=self.retry_after,
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """What requests are served with. `committed` hears of outbox shards, `missed` of tries that hit nothing."""

    pool: asyncpg.Pool
    programmes: Programmes
    clock: Clock
    settings: RedemptionSettings
    keeper: CodeKeeper
    committed: Callable[[Sequence[str]], None]
    missed: Callable[[str], None]
    random: Random


def replay(known: Known, fingerprint: bytes, *, made: bool) -> ValueAnswer:
    """Give the first answer to a request again.

    Raises:
        NotDone: the key stands for another request.
    """
    if known.fingerprint != fingerprint:
        raise NotDone(REUSED)
    return ValueAnswer(msgspec.Raw(known.answer), made=made, replayed=True)


def told(kind: str, scope: tuple[str, str], cause: UUID, whose: UUID, now: datetime, data: dict[str, Any]) -> Outgoing:
    """An event about a code or a card: of a tenant and programme, by its cause, keyed by the member or the thing."""
    tenant, programme = scope
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=tenant, programme=programme)
    subject = str(whose)
    address = subject.encode()
    name = event_id(tenant, cause.hex, kind, subject, 0)
    own = {key: str(each) if isinstance(each, UUID) else each for key, each in data.items() if each is not None}
    value = writer.write(name, subject, None, own)
    return Outgoing(REWARDS, address, kafka_partition_hash(address), value, writer.headers(name, address, None), True)


def part_of(cause: UUID, thing: UUID) -> UUID:
    """The name of what a cause did to one of several things."""
    return UUID(int=cause.int ^ thing.int)
