"""What the API answers: the shapes of its JSON, with an example each.

Points are whole numbers in the wallet's minor unit (`scale` says how many decimals people see), money whole minor units
of the currency, instants RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.identifiers import PERSONAL

_T = TypeVar("_T")
EXAMPLE_MEMBER = "0190a5b0-7c3e-7d52-9d1e-5a2f6c0b8e11"


class View(BaseModel):
    """Base of everything that is answered."""

    model_config = ConfigDict(frozen=True)


class NextExpiry(View):
    """What lapses first unless it is spent before."""

    at: datetime = Field(description="The instant from which the points are gone.")
    last_day: date = Field(description="The last day on which they can be spent, in the programme's zone.")
    zone: str = Field(description="The programme's IANA time zone.", examples=["Europe/Rome"])
    points: int = Field(description="How many points lapse then.")


class SparedPoints(View):
    """Points that do not lapse at the next boundary, and what spares them: without it they would."""

    at: datetime = Field(description="The boundary.")
    last_day: date = Field(description="The last day of its period, in the programme's zone.")
    points: int = Field(description="How many live on to the boundary after it; so many would lapse otherwise.")
    spared_by: Literal["tier", "segment", "member"] = Field(
        description="What spares them: a tier's level, a segment, or a person's word for this member."
    )
    spared_as: str = Field(description="The level, the segment, or the reason that the person gave.", examples=["gold"])
    programme_version: int = Field(description="The version of the programme that says so.")


class Activation(View):
    """Pending points that become active together."""

    at: datetime = Field(description="When; where an event decides it, at the latest then.")
    points: int


class WalletBalance(View):
    """A member's points of one kind."""

    wallet: str = Field(examples=["points"])
    scale: int = Field(description="How many decimals people see.")
    available: int = Field(description="In force and not reserved.")
    spendable: int = Field(description="What can be redeemed: `available`, or nothing while something is owed.")
    pending: int = Field(description="Credited, but not active yet.")
    held: int = Field(description="Reserved by a redemption that is under way.")
    debt: int = Field(description="Owed, because points were taken back after they had been spent.")
    debt_since: datetime | None = Field(description="When the debt last grew; null when nothing is owed.")
    lent: int = Field(default=0, description="Lent and to be repaid, fees included; it bars nothing before it is due.")
    lent_repays_percent: int | None = Field(default=None, description="So much of each later credit repays it.")
    lent_due_at: datetime | None = Field(default=None, description="When what is left of it is owed.")
    activations: tuple[Activation, ...] = Field(
        description="The dates on which `pending` becomes active, soonest first."
    )
    next_expiry: NextExpiry | None = Field(
        description="The next boundary that takes any; null for none, as far as what spares points is known."
    )
    spared: tuple[SparedPoints, ...] = Field(
        default=(), description="What does not lapse at the next boundary, and why; empty for most members."
    )


class MaskedIdentifier(View):
    """An identifier of which only the end is shown."""

    kind: str = Field(examples=["card"])
    masked: str = Field(description="At most the last four characters; nothing of a phone number or an address.")


class MemberView(View):
    """A member and the balance at an instant."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "tier": "gold",
                "enrolled_at": "2024-01-08T09:12:00Z",
                "member_seq": 42,
                "as_of": "2024-03-02T10:00:00Z",
                "known_at": None,
                "identifiers": [{"kind": "card", "masked": "••••3456"}],
                "wallets": [
                    {
                        "wallet": "points",
                        "scale": 0,
                        "available": 1250,
                        "spendable": 1250,
                        "pending": 80,
                        "held": 0,
                        "debt": 0,
                        "debt_since": None,
                        "activations": [{"at": "2024-03-15T09:00:00Z", "points": 80}],
                        "next_expiry": {
                            "at": "2024-03-31T22:00:00Z",
                            "last_day": "2024-03-31",
                            "zone": "Europe/Rome",
                            "points": 300,
                        },
                        "spared": [
                            {
                                "at": "2024-03-31T22:00:00Z",
                                "last_day": "2024-03-31",
                                "points": 950,
                                "spared_by": "tier",
                                "spared_as": "gold",
                                "programme_version": 3,
                            }
                        ],
                    }
                ],
                "tiers": [],
            }
        }
    )

    member_id: UUID
    programme: str
    tier: str | None
    enrolled_at: datetime
    member_seq: int = Field(description="The number of the member's last movement; numbers have no gaps.")
    as_of: datetime = Field(description="The instant that the balances are of.")
    known_at: datetime | None = Field(description="When this was known; null for what is known now.")
    identifiers: tuple[MaskedIdentifier, ...]
    wallets: tuple[WalletBalance, ...]


class MemberReference(View):
    """Whose an identifier is."""

    programme: str
    member_id: UUID


class Found(View):
    """The members that were looked for; none when nobody has the identifier."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": [{"programme": "main", "member_id": EXAMPLE_MEMBER}]}}
    )

    data: tuple[MemberReference, ...]


class ReceiptReference(View):
    """The event behind an entry: a receipt, or whatever else was said or done."""

    kind: str = Field(description="What was said or done.", examples=["purchase.completed", "purchase.returned"])
    source: str = Field(examples=["/acme/pos/12/3"])
    id: str = Field(examples=["R-2024-000123"])
    number: str | None = Field(description="The number of the receipt that it is about, as printed; null without one.")
    href: str = Field(description="Where its decision is explained.", examples=["/v1/receipts/acme/pos/12/3/R-1"])


class LotShare(View):
    """The part of a movement that falls on one lot."""

    lot: int = Field(description="The number of the movement that opened the lot.")
    points: int
    expires_at: datetime | None


class MovementView(View):
    """Points that moved."""

    type: Literal["movement"] = "movement"
    seq: int = Field(description="The member's own number of it; numbers have no gaps.")
    kind: str = Field(description="What it did.", examples=["credit", "redeem", "expire"])
    words: str = Field(description="The same in a sentence.", examples=["Points were credited"])
    wallet: str
    points: int = Field(description="By how much it changed the member's points; 0 when they only changed their state.")
    amount: int = Field(description="How many points it moved, always above 0.")
    from_account: str
    to_account: str
    effective_at: datetime
    recorded_at: datetime
    corrects: int | None = Field(description="The movement that it takes back.")
    spared_by: str | None = Field(default=None, description="Of a waiver: a tier, a segment, or a person's word.")
    spared_as: str | None = Field(default=None, description="Of a waiver: which level or segment, or the reason.")
    lots: tuple[LotShare, ...]
    receipt: ReceiptReference | None
    redemption: UUID | None = Field(description="The redemption that it is part of: `GET /v1/redemptions/{id}`.")


class UnpaidReceiptView(View):
    """A receipt or another event that moved no points."""

    type: Literal["unpaid_receipt"] = "unpaid_receipt"
    after_seq: int = Field(description="The movement that it came after.")
    outcome: str = Field(examples=["no_points"])
    words: str = Field(description="The outcome in a sentence or two.", examples=["It brought no points."])
    reason: str | None
    points: Literal[0] = 0
    effective_at: datetime
    recorded_at: datetime
    receipt: ReceiptReference | None


HistoryEntry = Annotated[MovementView | UnpaidReceiptView, Field(discriminator="type")]


class Page(View, Generic[_T]):
    """A page of a list, and how to go on."""

    data: tuple[_T, ...]
    next_cursor: str | None = Field(description="Give it as `cursor` to read on; null at the end.")
    has_more: bool


class HistoryPage(Page[HistoryEntry]):
    """A page of a member's history, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "type": "movement",
                        "seq": 42,
                        "kind": "credit",
                        "words": "Points were credited",
                        "wallet": "points",
                        "points": 45,
                        "amount": 45,
                        "from_account": "issued",
                        "to_account": "active",
                        "effective_at": "2024-03-01T17:31:09Z",
                        "recorded_at": "2024-03-01T17:31:10Z",
                        "corrects": None,
                        "lots": [{"lot": 42, "points": 45, "expires_at": "2024-06-30T22:00:00Z"}],
                        "receipt": {
                            "kind": "purchase.completed",
                            "source": "/acme/pos/12/3",
                            "id": "R-1",
                            "number": "000123",
                            "href": "/v1/receipts/acme/pos/12/3/R-1",
                        },
                        "redemption": None,
                    }
                ],
                "next_cursor": "uXv0…",
                "has_more": True,
            }
        }
    )


class ConservationEquation(View):
    """Where all points of a wallet are.

    `issued` = `active` + `pending` + `held` + `redeemed` + `expired` + `reversed` + `transferred` + `adjusted`
    + `written_off` - `debt` + `difference`.
    """

    programme: str
    wallet: str
    issued: int
    active: int = Field(description="In lots that have become active, reserved points left out.")
    lapsed: int = Field(description="Part of `active`: past its date, and not swept yet.")
    pending: int
    held: int
    redeemed: int
    expired: int
    reversed: int
    transferred: int = Field(description="Net; below 0 when more came in than went out.")
    adjusted: int = Field(description="Net; below 0 when more was given than taken.")
    written_off: int
    debt: int
    difference: int = Field(description="What can't be explained: 0, or the ledger is broken.")


class Conservation(View):
    """The equation of every wallet of the caller's company, at one instant."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2024-03-02T10:00:00Z",
                "data": [
                    {
                        "programme": "main",
                        "wallet": "points",
                        "issued": 1000,
                        "active": 600,
                        "lapsed": 0,
                        "pending": 100,
                        "held": 50,
                        "redeemed": 200,
                        "expired": 50,
                        "reversed": 10,
                        "transferred": 0,
                        "adjusted": 0,
                        "written_off": 0,
                        "debt": 10,
                        "difference": 0,
                    }
                ],
            }
        }
    )

    as_of: datetime
    data: tuple[ConservationEquation, ...]


def masked(identifier: str) -> MaskedIdentifier:
    """Show an identifier as it is stored, `card:123456`, by its end alone: `••••3456`."""
    kind, _, value = identifier.partition(":")
    shown = "" if kind in PERSONAL else value[len(value) - min(4, len(value) // 2) :]
    return MaskedIdentifier(kind=kind, masked=f"••••{shown}")
