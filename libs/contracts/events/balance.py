"""Balances: what a member has now, for whoever keeps a copy."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from annotated_types import MaxLen
from pydantic import FailFast, Field

from libs.contracts.primitives import Instant, Name32, Payload, Points


class WalletBalance(Payload):
    """A member's points in one wallet, in its minor unit."""

    wallet: Name32 = Field(description="Name of the wallet.")
    available: Points = Field(description="In force and not held; may be spent while nothing is owed.")
    pending: Points = Field(description="Credited, but active only later.")
    held: Points = Field(description="Reserved for a redemption that is not done yet.")
    debt: Points = Field(description="What the member owes.")
    next_expiry_at: Instant | None = Field(default=None, description="When some lapse next; null for none.")
    next_expiry_points: Points = Field(description="How many lapse then; 0 for none.")


class BalanceChangedV1(Payload):
    """The balances of a member after a change; a later one replaces it.

    The envelope's `memberseq` is the member's last ledger event that they contain.
    """

    event_type: ClassVar[str] = "org.pointstream.balance.changed.v1"

    member_id: UUID = Field(description="Whose they are.")
    as_of: Instant = Field(description="When they were so; what time does later is not in them.")
    wallets: Annotated[tuple[WalletBalance, ...], MaxLen(100), FailFast()] = Field(
        description="One entry for each wallet that the member ever had points in."
    )
