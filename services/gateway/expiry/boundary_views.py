"""What the API answers about a boundary: what became of it, and what it does to one member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.fates import Fate
from libs.sweeps.outlook import Worth, money, moneys
from libs.sweeps.report import BoundaryReport
from services.gateway.members.shown import reference
from services.gateway.store import Member
from services.gateway.views import EXAMPLE_MEMBER, ReceiptReference, View

_REPORT: JsonDict = {
    "sweep_id": "5b0f3f5e-3d57-5c39-9a4e-2f6b7c8d9e01",
    "programme": "main",
    "boundary": "2024-03-31T22:00:00Z",
    "last_day": "2024-03-31",
    "zone": "Europe/Rome",
    "currency": "EUR",
    "as_of": "2024-04-02T08:00:00Z",
    "wallets": [
        {"what": "lapsed", "wallet": "points", "members": 8412, "points": 1204560, "worth_minor": 1204560},
    ],
    "tiers": [
        {
            "what": "lapsed",
            "tier": "gold",
            "wallet": "points",
            "members": 8412,
            "points": 1204560,
            "worth_minor": 1204560,
        }
    ],
    "origins": [{"split": "campaign", "name": "base", "wallet": "points", "points": 1204560}],
}
_EARNED_BY: JsonDict = {
    "kind": "purchase.completed",
    "source": "/acme/pos/12/3",
    "id": "R-2024-000123",
    "number": "000123",
    "href": "/v1/receipts/acme/pos/12/3/R-2024-000123",
}
_MEMBER: JsonDict = {
    "member_id": EXAMPLE_MEMBER,
    "programme": "main",
    "last_day": "2024-03-31",
    "zone": "Europe/Rome",
    "boundary": "2024-03-31T22:00:00Z",
    "as_of": "2024-04-02T08:00:00Z",
    "wallets": [{"what": "lapsed", "wallet": "points", "points": 120, "worth_minor": 120}],
    "lots": [
        {
            "what": "lapsed",
            "at": "2024-03-31T22:00:00Z",
            "wallet": "points",
            "points": 120,
            "lot": 17,
            "earned_at": "2024-02-10T09:30:00Z",
            "policy_version": 3,
            "policy": {"kind": "natural", "period": "quarter", "extra_periods": 0},
            "written": True,
            "store": "12",
            "earned_by": _EARNED_BY,
        }
    ],
}
What = Literal["lapsed", "spared", "reinstated"]
_WORTH = "In the currency's minor unit, by the programme's `worth`, rounded down; null where it says nothing."


class WalletHappened(View):
    """What happened to points of one wallet."""

    what: What = Field(description="`spared` got a later date instead; `reinstated` had lapsed and was given back.")
    wallet: str
    members: int
    points: int = Field(description="In the wallet's minor unit.")
    worth_minor: int | None = Field(description=_WORTH)


class TierHappened(WalletHappened):
    """The same for the members of one tier."""

    tier: str | None = Field(description="The tier that they had at the boundary.")


class LapsedOrigin(View):
    """What of the lapsed points of a wallet a campaign, partner or store had brought; each split adds up to all."""

    split: Literal["campaign", "partner", "store"]
    name: str | None
    wallet: str
    points: int


class BoundaryReportView(View):
    """What became of a boundary, as the ledger alone tells it."""

    model_config = ConfigDict(json_schema_extra={"example": _REPORT})

    sweep_id: UUID
    programme: str
    boundary: datetime
    last_day: date
    zone: str
    currency: str
    as_of: datetime
    wallets: tuple[WalletHappened, ...]
    tiers: tuple[TierHappened, ...]
    origins: tuple[LapsedOrigin, ...]


class MemberWalletView(View):
    """What happens to a member's points of one wallet."""

    what: Literal["lapsed", "lapses", "spared", "reinstated"]
    wallet: str
    points: int
    worth_minor: int | None = Field(description=_WORTH)


class MemberLotView(View):
    """What happens to points of one lot, and why."""

    what: Literal["lapsed", "lapses", "spared", "reinstated"] = Field(
        description="`lapses` is still ahead, if nothing is earned or spent before."
    )
    at: datetime
    wallet: str
    points: int
    lot: int = Field(description="The number of the movement that opened the lot.")
    earned_at: datetime
    policy_version: int = Field(description="The programme version that gave the lot its date.")
    policy: dict[str, Any] | None = Field(description="What that version says of the wallet's `expiry`.")
    written: bool = Field(description="Whether a movement says so already; it is true without one, too.")
    store: str | None = Field(description="The store of the purchase that earned it.")
    earned_by: ReceiptReference | None = Field(description="What earned it; null where nothing of it is kept.")


class MemberBoundaryView(View):
    """What a boundary does to a member, or did: which points, from which purchases, and why."""

    model_config = ConfigDict(json_schema_extra={"example": _MEMBER})

    member_id: UUID
    programme: str
    last_day: date
    zone: str
    boundary: datetime = Field(description="The instant at which what is good to that day lapses.")
    as_of: datetime
    wallets: tuple[MemberWalletView, ...]
    lots: tuple[MemberLotView, ...]


def report_view(about: dict[str, Any], report: BoundaryReport, worth: Worth) -> BoundaryReportView:
    """Return what is answered about what became of a boundary; `about` names it."""
    wallets, tiers = [], []
    for what, wallet in dict.fromkeys((each.what, each.wallet) for each in report.happenings):
        parts = [each for each in report.happenings if (each.what, each.wallet) == (what, wallet)]
        points = [part.points for part in parts]
        members = sum(part.members for part in parts)
        wallets.append(
            {
                "what": what,
                "wallet": wallet,
                "members": members,
                "points": sum(points),
                "worth_minor": money(sum(points), wallet, worth),
            }
        )
        amounts = moneys(points, wallet, worth)
        tiers += [part._asdict() | {"worth_minor": each} for part, each in zip(parts, amounts, strict=True)]
    return BoundaryReportView.model_validate(
        {
            **about,
            "boundary": report.boundary,
            "wallets": wallets,
            "tiers": tiers,
            "origins": [
                {"split": each.split, "name": each.name, "wallet": each.wallet, "points": each.points}
                for each in report.origins
            ],
        }
    )


def member_boundary_view(
    member: Member, last_day: date, boundary: datetime, as_of: datetime, fates: Sequence[Fate], worth: Worth
) -> MemberBoundaryView:
    """Return what is answered about what a boundary does to a member."""
    return MemberBoundaryView(
        member_id=member.member_id,
        programme=member.programme,
        last_day=last_day,
        zone=member.zone,
        boundary=boundary,
        as_of=as_of,
        wallets=tuple(_wallets(fates, worth)),
        lots=tuple([_lot(fate) for fate in fates]),
    )


def _wallets(fates: Iterable[Fate], worth: Worth) -> Iterable[MemberWalletView]:
    sums: dict[tuple[str, str], int] = {}
    for fate in fates:
        key = (fate.touched.what, fate.touched.lot.wallet)
        sums[key] = sums.get(key, 0) + fate.touched.points
    for (what, wallet), points in sorted(sums.items()):
        yield MemberWalletView.model_validate(
            {"what": what, "wallet": wallet, "points": points, "worth_minor": money(points, wallet, worth)}
        )


def _lot(fate: Fate) -> MemberLotView:
    touched, lot = fate.touched, fate.touched.lot
    return MemberLotView(
        what=touched.what,
        at=touched.at,
        wallet=lot.wallet,
        points=touched.points,
        lot=lot.seq,
        earned_at=lot.earned_at,
        policy_version=lot.policy_version,
        policy=fate.policy,
        written=touched.written,
        store=fate.store,
        earned_by=None if fate.earned_by is None else reference(fate.earned_by),
    )
