"""What is told of gift cards: answers to callers, and events. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.events import (
    GiftCardCashedOutV1,
    GiftCardExpiredV1,
    GiftCardIssuedV1,
    GiftCardRefundedV1,
    GiftCardToppedUpV1,
    GiftCardTransferredV1,
    GiftCardUsedV1,
)
from libs.contracts.gift_cards import CardEntryView, GiftCardView
from libs.gift_cards.decide import Done
from libs.gift_cards.model import Entry, EntryKind, GiftCard
from libs.runtime.batch import Outgoing
from services.redemption import values

_TYPES: dict[EntryKind, str] = {
    "issue": GiftCardIssuedV1.event_type,
    "use": GiftCardUsedV1.event_type,
    "top_up": GiftCardToppedUpV1.event_type,
    "refund": GiftCardRefundedV1.event_type,
    "transfer_out": GiftCardTransferredV1.event_type,
    "transfer_in": GiftCardTransferredV1.event_type,
    "cash_out": GiftCardCashedOutV1.event_type,
    "expire": GiftCardExpiredV1.event_type,
}


def card(programme: str, one: GiftCard, entry: Entry | None = None) -> bytes:
    """Tell a card as it stands, without its number, and what was done."""
    view = GiftCardView(
        card_id=one.card_id,
        number=None,
        programme=programme,
        currency=one.currency,
        law=one.law[0],
        law_version=one.law[1],
        state=one.state,
        initial_minor=one.initial_minor,
        balance_minor=one.balance_minor,
        member_id=one.member_id,
        issued_at=one.issued_at,
        expires_at=one.expires_at,
        entry=None if entry is None else entry_view(entry, one.balance_minor),
    )
    return view.model_dump_json().encode()


def entry_view(entry: Entry, balance: int) -> CardEntryView:
    """Tell an entry, and what was on the card then."""
    return CardEntryView(
        seq=entry.seq,
        kind=entry.kind,
        source=entry.source,
        target=entry.target,
        amount_minor=entry.amount_minor,
        balance_minor=balance,
        at=entry.at,
        reference=entry.reference,
        of_seq=entry.of_seq,
        other_card_id=entry.other_card,
    )


def event(scope: tuple[str, str], done: Done, now: datetime) -> Outgoing:
    """The event of an entry."""
    one, entry = done
    data: dict[str, Any] = {
        "card_id": one.card_id,
        "seq": entry.seq,
        "currency": one.currency,
        "amount_minor": entry.amount_minor,
        "balance_minor": one.balance_minor,
        "member_id": one.member_id,
        "reference": entry.reference,
    }
    if entry.kind in ("issue", "top_up"):
        data["expires_at"] = one.expires_at
    if entry.kind == "issue":
        data["paid"] = entry.source == "sold"
    if entry.kind == "refund":
        data["of_seq"] = entry.of_seq
    if entry.kind in ("transfer_out", "transfer_in"):
        data |= {"direction": entry.kind.removeprefix("transfer_"), "other_card_id": entry.other_card}
    whose: UUID = one.member_id or one.card_id
    cause = values.part_of(entry.cause, one.card_id)
    return values.told(_TYPES[entry.kind], scope, cause, whose, now, data)
