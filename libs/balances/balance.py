"""A member's balances, and the event that tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events.balance import BalanceChangedV1
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash

TOPIC = "loyalty.balances"
SOURCE = "/pointstream/balances"


@dataclass(frozen=True, slots=True)
class WalletPoints:
    """Points in one wallet, in its minor unit: what may be spent, what comes, what is reserved and what is owed.

    `next_expiry_points` of the available ones lapse at `next_expiry_at`; None and 0 when none will.
    """

    wallet: str
    available: int
    pending: int
    held: int
    debt: int
    next_expiry_at: datetime | None
    next_expiry_points: int


@dataclass(frozen=True, slots=True)
class MemberBalance:
    """All of a member's wallets, by name, with the number of the last movement that they contain.

    `tenant` and `programme` are the slugs.
    """

    tenant: str
    programme: str
    member_id: UUID
    seq: int
    wallets: tuple[WalletPoints, ...]

    @property
    def key(self) -> str:
        """What the topic is compacted by: a member's id alone may stand for somebody in several programmes."""
        return f"{self.tenant}/{self.programme}/{self.member_id}"


def event(balance: MemberBalance, now: datetime) -> Outgoing:
    """Return the `balance.changed` event of a balance as it was at `now`, aware and in UTC.

    The same balance at the same instant gives the same event, with the same id.
    """
    member, key = str(balance.member_id), balance.key
    wallets = [_described(points) for points in balance.wallets]
    data = {"member_id": member, "as_of": now, "wallets": wallets}
    value = encode(
        type=BalanceChangedV1.event_type,
        source=SOURCE,
        id=event_id(balance.tenant, f"{balance.programme}@{now.isoformat()}", "balance", member, balance.seq),
        time=now,
        subject=member,
        tenant=balance.tenant,
        programme=balance.programme,
        memberseq=balance.seq or None,
        partitionkey=key,
        data=data,
    )
    return Outgoing(TOPIC, key.encode(), kafka_partition_hash(key.encode()), value, derived=True)


def _described(points: WalletPoints) -> dict[str, Any]:
    return {
        "wallet": points.wallet,
        "available": points.available,
        "pending": points.pending,
        "held": points.held,
        "debt": points.debt,
        "next_expiry_at": points.next_expiry_at,
        "next_expiry_points": points.next_expiry_points,
    }
