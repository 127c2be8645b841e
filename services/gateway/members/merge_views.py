"""What the API shows before two members are merged: what would go over, and what stands in the way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from libs.ledger.catch_up import catch_up
from libs.ledger.evolve import apply_all
from libs.ledger.model import MemberLedger
from libs.ledger.transfer import merge
from services.gateway.store import Member
from services.gateway.views import EXAMPLE_MEMBER, MaskedIdentifier, View, masked
from services.gateway.words import reason_words

EXAMPLE_OTHER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e22"


class WalletMoving(View):
    """What of one wallet would go over, and what the other would have then."""

    wallet: str
    active: int = Field(description="Points that may be spent, and go over with their dates; not those that are held.")
    pending: int = Field(description="Points that become active later, and still do.")
    debt: int = Field(description="What is owed and goes along.")
    after: int = Field(
        description="What the other has in lots afterwards, pending points included; as now, if refused."
    )
    debt_after: int = Field(description="What the other owes afterwards.")


class Obstacle(View):
    """Why the merge would be refused now."""

    code: str = Field(examples=["points-held"])
    words: str


class MergePreview(View):
    """What a merge would do, as things are now; nothing is done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "into": EXAMPLE_OTHER,
                "as_of": "2024-03-02T10:00:00Z",
                "identifiers": [{"kind": "card", "masked": "••••3456"}],
                "tier": None,
                "tier_of_other": "gold",
                "wallets": [
                    {"wallet": "points", "active": 480, "pending": 20, "debt": 0, "after": 730, "debt_after": 0}
                ],
                "obstacle": None,
            }
        }
    )

    member_id: UUID = Field(description="Who would be merged.")
    into: UUID = Field(description="Who would go on.")
    as_of: datetime
    identifiers: tuple[MaskedIdentifier, ...] = Field(description="What would lead to the other.")
    tier: str | None = Field(description="The tier of who would be merged; tiers are judged anew on what both did.")
    tier_of_other: str | None
    wallets: tuple[WalletMoving, ...]
    obstacle: Obstacle | None = Field(description="Null when it would be done.")


def preview(member: Member, other: Member, ledger: MemberLedger, others: MemberLedger, at: datetime) -> MergePreview:
    """Show what a merge would do at an instant, by the very decision that earning makes."""
    ledger, others = (apply_all(each, catch_up(each, at, at)) for each in (ledger, others))
    made = merge(ledger, others, at)
    after = apply_all(others, made.received)
    wallets = sorted({lot.wallet for lot in ledger.lots if lot.remaining} | {debt.wallet for debt in ledger.debts})
    return MergePreview(
        member_id=member.member_id,
        into=other.member_id,
        as_of=at,
        identifiers=tuple([masked(identifier) for identifier in member.identifiers]),
        tier=member.tier,
        tier_of_other=other.tier,
        wallets=_wallets(ledger, after, wallets),
        obstacle=None if made.refused is None else Obstacle(code=made.refused, words=reason_words(made.refused)),
    )


def _wallets(ledger: MemberLedger, after: MemberLedger, wallets: Sequence[str]) -> tuple[WalletMoving, ...]:
    return tuple(
        [
            WalletMoving(
                wallet=wallet,
                active=sum(lot.free for lot in ledger.lots if lot.wallet == wallet and not lot.pending),
                pending=_left(ledger, wallet, pending=True),
                debt=ledger.debt(wallet),
                after=_left(after, wallet, pending=False) + _left(after, wallet, pending=True),
                debt_after=after.debt(wallet),
            )
            for wallet in wallets
        ]
    )


def _left(ledger: MemberLedger, wallet: str, *, pending: bool) -> int:
    return sum(lot.remaining for lot in ledger.lots if lot.wallet == wallet and lot.pending is pending)
