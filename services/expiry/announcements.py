"""What expiry tells the world: points that lapsed, and how sweeps go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import (
    PointsExpiredV1,
    PointsWaivedV1,
    SweepAnnouncedV1,
    SweepApprovalAwaitedV1,
    SweepApprovedV1,
    SweepCancelledV1,
    SweepFinishedV1,
    SweepPausedV1,
    SweepProgressedV1,
    SweepRefusedV1,
    SweepResumedV1,
    SweepStartedV1,
)
from libs.contracts.writer import EventWriter
from libs.lives.made import Cause, Made, event_data
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, event_key, kafka_partition_hash
from libs.runtime.leases import shards_of
from libs.sweeps.calendar import Turn
from libs.sweeps.outlook import money
from libs.sweeps.preview import Preview, Share, SparedShare, Total, totals
from services.expiry.approval import worth_together
from services.expiry.spared_store import Waived
from services.expiry.store import Lapsed, Programme, Sweep

POINTS, SWEEPS = "loyalty.points", "loyalty.sweeps"
SOURCE = "/pointstream/expiry"
WRITER = "expiry"
_SHARDS = shards_of(WRITER)
_TURNS = {
    "pause": SweepPausedV1.event_type,
    "resume": SweepResumedV1.event_type,
    "cancel": SweepCancelledV1.event_type,
    "approve": SweepApprovedV1.event_type,
    "refuse": SweepRefusedV1.event_type,
}


def shard_of(number: int) -> str:
    """The outbox shard of a chunk, or of a programme's sweeps, by number."""
    return _SHARDS[number % len(_SHARDS)]


def sweep_name(programme: Programme, boundary: datetime) -> UUID:
    """The id of the sweep at a boundary: the same whoever announces it."""
    cause = f"{programme.programme}@{boundary.isoformat()}"
    return UUID(event_id(programme.tenant, cause, SweepAnnouncedV1.event_type, "", 0))


def cause_of(sweep_id: UUID) -> UUID:
    """What names a sweep in the movements that it makes."""
    return event_key(SOURCE, str(sweep_id))


class Expired:
    """Writes what lapsed in one transaction of a sweep; what its events share is written once."""

    def __init__(self, sweep: Sweep, tenant: str, programme: str, now: datetime) -> None:
        self._tenant = tenant
        self._cause = sweep.cause.hex
        self._id = str(sweep.sweep_id)
        kind = PointsExpiredV1.event_type
        self._writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=tenant, programme=programme)

    def write(self, lapsed: Iterable[Lapsed]) -> list[Outgoing]:
        """Return an event a movement."""
        return [self._one(each) for each in lapsed]

    def _one(self, lapsed: Lapsed) -> Outgoing:
        member = str(lapsed.member_id)
        data = {
            "member_id": member,
            "wallet": lapsed.wallet,
            "points": lapsed.points,
            "from_account": "active",
            "to_account": "expired",
            "lots": [{"lot": lot, "points": points} for lot, points in zip(lapsed.lots, lapsed.amounts, strict=True)],
            "effective_at": lapsed.effective_at,
            "cause_source": SOURCE,
            "cause_id": self._id,
            "reason": None,
            "boundary": lapsed.effective_at,
        }
        name = event_id(self._tenant, self._cause, PointsExpiredV1.event_type, member, lapsed.seq)
        return Outgoing(
            POINTS,
            member.encode(),
            lapsed.spread,
            self._writer.write(name, member, lapsed.seq, data),
            self._writer.headers(name, member.encode(), lapsed.seq),
            True,
        )


def sweep_cause(sweep: Sweep) -> Cause:
    """A sweep as what brings movements about."""
    return Cause(sweep.cause, SOURCE, str(sweep.sweep_id))


def tell_waived(
    sweep: Sweep, tenant: str, programme: str, now: datetime, waived: Iterable[Waived]
) -> Iterator[Outgoing]:
    """Write what lives on in one transaction of a sweep: an event a movement."""
    kind, cause = PointsWaivedV1.event_type, sweep_cause(sweep)
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=tenant, programme=programme)
    for each in waived:
        member, seq = str(each.member_id), each.movement.seq
        name = event_id(tenant, sweep.cause.hex, kind, member, seq)
        data = event_data(Made(each.movement, cause), member)
        key = member.encode()
        yield Outgoing(
            POINTS, key, each.spread, writer.write(name, member, seq, data), writer.headers(name, key, seq), True
        )


class Crier:
    """Tells how the sweeps of a programme go."""

    def __init__(self, programme: Programme, now: datetime) -> None:
        self._programme = programme
        self._now = now

    def announced(self, sweep_id: UUID, turn: Turn, ahead: Preview) -> Outgoing:
        """A boundary comes."""
        about = {
            "local_date": turn.boundary.local_date.isoformat(),
            "zone": turn.boundary.zone,
            "tzdata": turn.boundary.tzdata,
            "wallets": turn.wallets,
            "shares": [share._asdict() | {"worth_minor": self._worth(share)} for share in ahead.lapsing],
            "spared": _spared(ahead.spared),
        }
        return self._write(SweepAnnouncedV1.event_type, sweep_id, turn.boundary.instant, about)

    def started(self, sweep: Sweep, members: int) -> Outgoing:
        """It runs."""
        return self._write(SweepStartedV1.event_type, sweep.sweep_id, sweep.boundary, {"members": members})

    def progressed(self, sweep: Sweep, members_done: int, done: Sequence[Total]) -> Outgoing:
        """It is so far."""
        about = {"members": sweep.members, "members_done": members_done, "shares": _told(done)}
        ordinal = int(self._now.timestamp() * 1_000)
        return self._write(SweepProgressedV1.event_type, sweep.sweep_id, sweep.boundary, about, ordinal)

    def turned(self, sweep: Sweep, asked: str, by: str | None) -> Outgoing:
        """A person let it rest, go on, or end, agreed to it or refused it."""
        ordinal = int(self._now.timestamp() * 1_000)
        return self._write(_TURNS[asked], sweep.sweep_id, sweep.boundary, {"by": by}, ordinal)

    def held_back(self, sweep_id: UUID, boundary: datetime, shares: Sequence[Share]) -> Outgoing:
        """It waits for a second person."""
        about = {"shares": _told(totals(shares)), "worth_minor": worth_together(shares, self._programme.worth)}
        ordinal = int(self._now.timestamp() * 1_000)
        return self._write(SweepApprovalAwaitedV1.event_type, sweep_id, boundary, about, ordinal)

    def finished(
        self, sweep: Sweep, done: Sequence[Total], lapsed: Sequence[Total], waived: Sequence[SparedShare]
    ) -> Outgoing:
        """It is over."""
        about = {
            "started_at": sweep.started_at,
            "shares": _told(done),
            "lapsed": _told(lapsed),
            "spared": _spared(waived),
        }
        return self._write(SweepFinishedV1.event_type, sweep.sweep_id, sweep.boundary, about)

    def _worth(self, share: Share) -> int | None:
        return money(share.points, share.wallet, self._programme.worth)

    def _write(
        self, kind: str, sweep_id: UUID, boundary: datetime, about: Mapping[str, Any], ordinal: int = 0
    ) -> Outgoing:
        programme = self._programme
        name = str(sweep_id)
        key = f"{programme.tenant}/{programme.programme}"
        value = encode(
            type=kind,
            source=SOURCE,
            id=event_id(programme.tenant, name, kind, "", ordinal),
            time=self._now,
            subject=name,
            tenant=programme.tenant,
            programme=programme.programme,
            memberseq=None,
            partitionkey=key,
            data={"sweep_id": name, "boundary": boundary, **about},
        )
        return Outgoing(SWEEPS, key.encode(), kafka_partition_hash(key.encode()), value, derived=True)


def _told(totals: Iterable[Total]) -> list[dict[str, Any]]:
    return [total._asdict() for total in totals]


def _spared(shares: Iterable[SparedShare]) -> list[dict[str, Any]]:
    return [share._asdict() for share in shares]
