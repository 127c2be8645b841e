"""Sweeps: a boundary that comes, and how what lapses at it is written down."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import FailFast, Field, StringConstraints

from libs.contracts.primitives import Instant, Name32, Name64, Name128, Payload, Points, Text32, Text64

Count = Annotated[int, Ge(0), Le(2**63 - 1)]
LocalDate = Annotated[str, StringConstraints(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class WalletShare(Payload):
    """What lapses of one wallet."""

    wallet: Name32 = Field(description="Name of the wallet.")
    members: Count = Field(description="Members who lose points of it.")
    lots: Count = Field(description="Lots that lapse, as far as they have something left.")
    points: Points = Field(description="Points that lapse, in the wallet's minor unit.")


class TierShare(WalletShare):
    """What lapses of one wallet for the members of one tier."""

    tier: Text32 | None = Field(default=None, description="The tier that campaigns see; null for none.")
    worth_minor: Annotated[int, Ge(0), Le(10**15)] | None = Field(
        default=None, description="What the points are worth at most, in minor units of the programme's currency."
    )


class SparedShare(Payload):
    """What of one wallet does not lapse for the members of one tier, by what spares it."""

    tier: Text32 | None = Field(default=None, description="The tier that campaigns see; null for none.")
    wallet: Name32 = Field(description="Name of the wallet.")
    spared_by: Literal["tier", "segment", "member"] = Field(
        description="What spares it: a tier's level, a segment, or a person's word for a member."
    )
    spared_as: Name128 = Field(description="The level, the segment, or the reason that the person gave.")
    members: Count = Field(description="Members of whom something lives on.")
    lots: Count = Field(description="Lots that live on.")
    points: Points = Field(description="Points that live on, in the wallet's minor unit.")


SparedShares = Annotated[tuple[SparedShare, ...], MaxLen(4_096), FailFast()]


class _Sweep(Payload):
    """One sweep of a programme."""

    sweep_id: UUID = Field(description="The sweep, for ever.")
    boundary: Instant = Field(description="The instant at which points lapse.")


WalletShares = Annotated[tuple[WalletShare, ...], MaxLen(64), FailFast()]


class SweepAnnouncedV1(_Sweep):
    """A boundary comes: what lapses at it if nothing is earned or spent before."""

    event_type: ClassVar[str] = "org.pointstream.sweep.announced.v1"

    local_date: LocalDate = Field(description="The last day on which points are valid, in the programme's zone.")
    zone: Name64 = Field(description="IANA name of the zone.")
    tzdata: Name32 = Field(description="Release of the zone data that the instant follows from.")
    wallets: Annotated[tuple[Name32, ...], MinLen(1), MaxLen(64), FailFast()] = Field(
        description="The wallets whose period ends."
    )
    shares: Annotated[tuple[TierShare, ...], MaxLen(4_096), FailFast()] = Field(
        description="What would lapse, by wallet and tier, as of the announcement."
    )
    spared: SparedShares = Field(
        default=(), description="What would live on, by tier and by what spares it, as of the announcement."
    )


class SweepStartedV1(_Sweep):
    """What lapsed at the boundary is being written down; balances have been right since the boundary."""

    event_type: ClassVar[str] = "org.pointstream.sweep.started.v1"

    members: Count = Field(description="Members to whom it will come.")


class SweepProgressedV1(_Sweep):
    """How far a sweep has come; told every few seconds."""

    event_type: ClassVar[str] = "org.pointstream.sweep.progressed.v1"

    members: Count = Field(description="Members to whom it comes in all.")
    members_done: Count = Field(description="Members to whom it has come.")
    shares: WalletShares = Field(description="What it has written down so far.")


class SweepPausedV1(_Sweep):
    """A person lets a sweep rest."""

    event_type: ClassVar[str] = "org.pointstream.sweep.paused.v1"

    by: Text64 | None = Field(default=None, description="Who wanted it.")


class SweepResumedV1(_Sweep):
    """A sweep that rested goes on."""

    event_type: ClassVar[str] = "org.pointstream.sweep.resumed.v1"

    by: Text64 | None = Field(default=None, description="Who wanted it.")


class SweepCancelledV1(_Sweep):
    """A person called a sweep off. What has lapsed stays lapsed; the next sweep, or another writer, writes it down."""

    event_type: ClassVar[str] = "org.pointstream.sweep.cancelled.v1"

    by: Text64 | None = Field(default=None, description="Who wanted it.")


class SweepApprovalAwaitedV1(_Sweep):
    """A sweep is so large that a second person has to agree before it is written down. Balances are right meanwhile."""

    event_type: ClassVar[str] = "org.pointstream.sweep.approval_awaited.v1"

    shares: WalletShares = Field(description="What lapses at the boundary, as of now.")
    worth_minor: Annotated[int, Ge(0), Le(10**15)] | None = Field(
        default=None, description="What that is worth at most, in minor units; null where no wallet has a worth."
    )


class SweepApprovedV1(_Sweep):
    """A second person agreed to a sweep, which starts once its boundary is past."""

    event_type: ClassVar[str] = "org.pointstream.sweep.approved.v1"

    by: Text64 | None = Field(default=None, description="Who agreed.")


class SweepRefusedV1(_Sweep):
    """A person refused a sweep: it is called off. What has passed its date has lapsed all the same."""

    event_type: ClassVar[str] = "org.pointstream.sweep.refused.v1"

    by: Text64 | None = Field(default=None, description="Who refused.")


class SweepFinishedV1(_Sweep):
    """Everything that lapsed at the boundary is written down."""

    event_type: ClassVar[str] = "org.pointstream.sweep.finished.v1"

    started_at: Instant = Field(description="When it started.")
    shares: WalletShares = Field(description="What the sweep wrote down.")
    lapsed: WalletShares = Field(
        description="All that lapsed at the boundary, with what other writers had written down of it before."
    )
    spared: SparedShares = Field(
        default=(), description="All that lives on beyond the boundary, by tier and by what spared it."
    )
