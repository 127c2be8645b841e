"""What the API shows of what an event said, by its kind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.gateway.views import MaskedIdentifier, View


class LineView(View):
    """A line of a receipt."""

    line: int
    sku: str
    category: str | None
    brand: str | None
    labels: tuple[str, ...]
    quantity: int
    amount_minor: int


class ReceiptFacts(View):
    """What a receipt said."""

    type: Literal["purchase"] = "purchase"
    number: str
    identifiers: tuple[MaskedIdentifier, ...]
    store: str | None
    till: str | None
    channel: str
    partner: str | None
    payment: str | None
    currency: str
    total_minor: int
    lines: tuple[LineView, ...]
    purchased_at: datetime | None = Field(description="When it was bought, where the receipt corrects another.")


class ReturnedLineView(View):
    """What of a line came back; without quantity and amount the whole line."""

    line: int
    quantity: int | None
    amount_minor: int | None


class ReturnFacts(View):
    """What a return said; without lines and amount the whole receipt came back."""

    type: Literal["return"] = "return"
    number: str = Field(description="The number of the purchase's receipt.")
    store: str | None
    return_number: str | None
    identifiers: tuple[MaskedIdentifier, ...]
    lines: tuple[ReturnedLineView, ...]
    amount_minor: int | None
    exchange_receipt_number: str | None


class VoidFacts(View):
    """What was said of a receipt that never counted."""

    type: Literal["void"] = "void"
    number: str
    store: str | None
    reason: str | None


class ClaimFacts(View):
    """Who said that a receipt is theirs."""

    type: Literal["claim"] = "claim"
    number: str
    store: str | None
    member_id: UUID
    total_minor: int | None


class ResolutionFacts(View):
    """What an operator decided."""

    type: Literal["resolution"] = "resolution"
    number: str
    store: str | None
    decision: str
    reason: str
    decided_by: str


class ActivityFacts(View):
    """What was done beside buying."""

    type: Literal["activity"] = "activity"
    activity: str
    identifiers: tuple[MaskedIdentifier, ...]
    member_id: UUID | None
    number: str | None = Field(description="The receipt that it is about.")
    store: str | None
    quantity: int
    amount_minor: int
    currency: str | None
    channel: str
    partner: str | None
    labels: tuple[str, ...]
    data: dict[str, str | int | bool] = Field(description="Facts of its own, by name.")


class AdjustmentFacts(View):
    """What a person asked for."""

    type: Literal["adjustment"] = "adjustment"
    member_id: UUID
    wallet: str
    points: int
    reason: str
    note: str | None
    requested_by: str
    earned_at: datetime | None
    expires_at: datetime | None
    never_expires: bool
    opening: bool


class ExtensionFacts(View):
    """How far a person asked points to be extended."""

    type: Literal["extension"] = "extension"
    member_id: UUID
    wallet: str
    boundaries: int | None
    days: int | None
    from_now: bool
    all_lots: bool
    reason: str
    note: str | None
    requested_by: str


class TransferFacts(View):
    """Which points a person asked to be given to whom."""

    type: Literal["transfer"] = "transfer"
    member_id: UUID
    to_member_id: UUID
    wallet: str
    points: int
    reason: str
    note: str | None
    requested_by: str


class MergeFacts(View):
    """Who was to be merged into whom, or whose merge was to be undone."""

    type: Literal["merge"] = "merge"
    member_id: UUID
    to_member_id: UUID | None = Field(description="Who was to go on; null where a merge was to be undone.")
    reason: str
    note: str | None
    requested_by: str


class OtherFacts(View):
    """An event of which nothing more is shown."""

    type: Literal["other"] = "other"
    member_id: UUID | None


Facts = Annotated[
    ReceiptFacts
    | ReturnFacts
    | VoidFacts
    | ClaimFacts
    | ResolutionFacts
    | ActivityFacts
    | AdjustmentFacts
    | ExtensionFacts
    | TransferFacts
    | MergeFacts
    | OtherFacts,
    Field(discriminator="type"),
]
