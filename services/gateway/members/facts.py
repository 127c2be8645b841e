"""What the event of a decision said: read by its kind, and shown with identifiers masked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from libs.contracts.codec import Canonical
from libs.contracts.events import (
    ActivityRecordedV1,
    AdjustmentRequestedV1,
    ExtensionRequestedV1,
    MergeRequestedV1,
    PurchaseClaimedV1,
    PurchaseCompletedV1,
    PurchaseCorrectedV1,
    PurchaseResolvedV1,
    PurchaseReturnedV1,
    PurchaseVoidedV1,
    TransferRequestedV1,
    UnmergeRequestedV1,
)
from libs.promotions.pages import StoredDecision
from services.gateway.members.fact_views import (
    ActivityFacts,
    AdjustmentFacts,
    ClaimFacts,
    ExtensionFacts,
    Facts,
    LineView,
    MergeFacts,
    OtherFacts,
    ReceiptFacts,
    ResolutionFacts,
    ReturnedLineView,
    ReturnFacts,
    TransferFacts,
    VoidFacts,
)
from services.gateway.views import MaskedIdentifier, masked

_READERS: Mapping[str, Callable[[bytes], Any]] = MappingProxyType(
    {
        model.event_type.removeprefix("org.pointstream.").removesuffix(".v1"): Canonical(model).read
        for model in (
            PurchaseCompletedV1,
            PurchaseCorrectedV1,
            PurchaseVoidedV1,
            PurchaseReturnedV1,
            PurchaseClaimedV1,
            PurchaseResolvedV1,
            ActivityRecordedV1,
            AdjustmentRequestedV1,
            ExtensionRequestedV1,
            TransferRequestedV1,
            MergeRequestedV1,
            UnmergeRequestedV1,
        )
    }
)
PURCHASES = frozenset({"purchase.completed", "purchase.corrected"})
"""The kinds that say what was bought."""
ACTIVITY = "activity.recorded"


class _Named(msgspec.Struct):
    receipt_number: str | None = None
    store: str | None = None


_named = msgspec.json.Decoder(_Named).decode


def read_facts(decision: StoredDecision) -> Any:
    """Return the payload of an event as it was decoded; None where its kind is not known here."""
    read = _READERS.get(decision.kind)
    return None if read is None else read(bytes(decision.facts))


def receipt_named(decision: StoredDecision) -> tuple[str, str | None] | None:
    """Return number and store of the receipt that an event is about; None when it is about none."""
    named = _named(decision.facts)
    return None if named.receipt_number is None else (named.receipt_number, named.store)


def shown_facts(decision: StoredDecision) -> Facts:
    """Show what an event said."""
    said = read_facts(decision)
    show = _SHOWN.get(decision.kind)
    if show is None:
        return OtherFacts(member_id=decision.member_id)
    return show(said)


def shown_receipt(said: Any) -> ReceiptFacts:
    """Show a receipt's content: its payload, or what is left of it."""
    return ReceiptFacts(
        number=said.receipt_number,
        identifiers=_masked(said.identifiers),
        store=said.store,
        till=said.till,
        channel=said.channel,
        partner=said.partner,
        payment=said.payment,
        currency=said.currency,
        total_minor=said.total_minor,
        lines=tuple([LineView.model_validate(line, from_attributes=True) for line in said.lines]),
        purchased_at=getattr(said, "purchased_at", None),
    )


def _return(said: Any) -> ReturnFacts:
    return ReturnFacts(
        number=said.receipt_number,
        store=said.store,
        return_number=said.return_number,
        identifiers=_masked(said.identifiers),
        lines=tuple([ReturnedLineView.model_validate(line, from_attributes=True) for line in said.lines]),
        amount_minor=said.amount_minor,
        exchange_receipt_number=said.exchange_receipt_number,
    )


def _void(said: Any) -> VoidFacts:
    return VoidFacts(number=said.receipt_number, store=said.store, reason=said.reason)


def _claim(said: Any) -> ClaimFacts:
    return ClaimFacts(
        number=said.receipt_number, store=said.store, member_id=said.member_id, total_minor=said.total_minor
    )


def _resolution(said: Any) -> ResolutionFacts:
    return ResolutionFacts(
        number=said.receipt_number,
        store=said.store,
        decision=said.decision,
        reason=said.reason,
        decided_by=said.decided_by,
    )


def _activity(said: Any) -> ActivityFacts:
    return ActivityFacts(
        activity=said.activity,
        identifiers=_masked(said.identifiers),
        member_id=said.member_id,
        number=said.receipt_number,
        store=said.store,
        quantity=said.quantity,
        amount_minor=said.amount_minor,
        currency=said.currency,
        channel=said.channel,
        partner=said.partner,
        labels=tuple(said.labels),
        data=dict(said.data or {}),
    )


def _adjustment(said: Any) -> AdjustmentFacts:
    return AdjustmentFacts.model_validate(said, from_attributes=True)


def _extension(said: Any) -> ExtensionFacts:
    return ExtensionFacts.model_validate(said, from_attributes=True)


def _transfer(said: Any) -> TransferFacts:
    return TransferFacts.model_validate(said, from_attributes=True)


def _merge(said: Any) -> MergeFacts:
    return MergeFacts(
        member_id=said.member_id,
        to_member_id=getattr(said, "to_member_id", None),
        reason=said.reason,
        note=said.note,
        requested_by=said.requested_by,
    )


_SHOWN: Mapping[str, Callable[[Any], Facts]] = MappingProxyType(
    {
        "purchase.completed": shown_receipt,
        "purchase.corrected": shown_receipt,
        "purchase.returned": _return,
        "purchase.voided": _void,
        "purchase.claimed": _claim,
        "purchase.resolved": _resolution,
        ACTIVITY: _activity,
        "adjustment.requested": _adjustment,
        "extension.requested": _extension,
        "transfer.requested": _transfer,
        "merge.requested": _merge,
        "unmerge.requested": _merge,
    }
)


def _masked(identifiers: Any) -> tuple[MaskedIdentifier, ...]:
    return tuple([masked(f"{one.kind}:{one.value}") for one in identifiers])
