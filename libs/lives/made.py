"""A movement as a writer made it: by which cause, and what its event tells beside it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from libs.contracts.events import (
    PointsActivatedV1,
    PointsAdjustedV1,
    PointsDueV1,
    PointsExpiredV1,
    PointsHeldV1,
    PointsIssuedV1,
    PointsLentV1,
    PointsRedatedV1,
    PointsRedeemedV1,
    PointsReinstatedV1,
    PointsReleasedV1,
    PointsRepaidV1,
    PointsRestoredV1,
    PointsReversedV1,
    PointsTransferredV1,
    PointsWaivedV1,
)
from libs.ledger.model import Kind, Movement
from libs.ledger.reinstate import is_reinstatement

_EVENT_TYPES = {
    Kind.CREDIT: PointsIssuedV1.event_type,
    Kind.REVERSE: PointsReversedV1.event_type,
    Kind.ACTIVATE: PointsActivatedV1.event_type,
    Kind.EXPIRE: PointsExpiredV1.event_type,
    Kind.ADJUST: PointsAdjustedV1.event_type,
    Kind.REPAY: PointsRepaidV1.event_type,
    Kind.LEND: PointsLentV1.event_type,
    Kind.FALL_DUE: PointsDueV1.event_type,
    Kind.HOLD: PointsHeldV1.event_type,
    Kind.RELEASE: PointsReleasedV1.event_type,
    Kind.REDEEM: PointsRedeemedV1.event_type,
    Kind.COMMIT: PointsRedeemedV1.event_type,
    Kind.RESTORE: PointsRestoredV1.event_type,
    Kind.TRANSFER: PointsTransferredV1.event_type,
}


class Cause(Struct, frozen=True):
    """What brings a movement about: its key, and how it is named to the world.

    The key is that of an event in the inbox, or the id of a redemption.
    """

    key: UUID
    source: str
    id: str


class Made(Struct, frozen=True):
    """A movement that a writer made.

    `carried` when its lot was carried to a later boundary, `owed` the debt left in its wallet and `lent` what is lent
    there, `lapses_at` when the lots that it touched lapse, `lapsed_at` when they would have before it gave them a later
    date, `counterpart` the member to whom a transfer went, or from whom it came.
    """

    movement: Movement
    cause: Cause
    carried: bool = False
    owed: int = 0
    lapses_at: datetime | None = None
    reason: str | None = None
    counterpart: UUID | None = None
    lapsed_at: datetime | None = None
    lent: int = 0


def event_type_of(movement: Movement) -> str:
    """The type of the event that tells of a movement; a credit that was earned has a form of its own."""
    if movement.kind is Kind.WAIVE:
        return PointsRedatedV1.event_type if movement.spared is None else PointsWaivedV1.event_type
    return PointsReinstatedV1.event_type if is_reinstatement(movement) else _EVENT_TYPES[movement.kind]


def event_data(made: Made, member: str) -> dict[str, Any]:
    """The payload of the event that tells of a movement of a member, given as text; not for an earned credit."""
    movement, cause = made.movement, made.cause
    if is_reinstatement(movement):
        own: dict[str, Any] = {"corrects": movement.corrects, "expires_at": made.lapses_at}
    else:
        own = _other_side(made) if movement.kind is Kind.TRANSFER else _own(movement, made)
    return {
        "member_id": member,
        "wallet": movement.wallet,
        "points": movement.amount,
        "from_account": movement.from_account.value,
        "to_account": movement.to_account.value,
        "lots": [{"lot": part.lot_seq, "points": part.amount} for part in movement.allocations],
        "effective_at": movement.effective_at,
        "cause_source": cause.source,
        "cause_id": cause.id,
        "reason": made.reason,
    } | own


_FOR_REDEMPTION = frozenset({Kind.HOLD, Kind.RELEASE, Kind.REDEEM, Kind.COMMIT, Kind.RESTORE})


def _own(movement: Movement, made: Made) -> dict[str, Any]:
    """What only movements of this kind tell."""
    if movement.kind in _FOR_REDEMPTION:
        return {"redemption_id": str(made.cause.key)} | _taken_back(movement)
    match movement.kind:
        case Kind.REVERSE:
            return {"corrects": movement.corrects}
        case Kind.ACTIVATE:
            return {"active_from": movement.effective_at, "expires_at": made.lapses_at}
        case Kind.EXPIRE | Kind.WAIVE:
            return _ended(movement, made)
        case Kind.REPAY | Kind.FALL_DUE | Kind.LEND:
            return _owed(movement, made)
    lot = movement.opens
    return {"opens": None if lot is None else lot.seq, "expires_at": None if lot is None else lot.expires_at}


def _ended(movement: Movement, made: Made) -> dict[str, Any]:
    """What is told of points that lapse, are spared at their boundary, and by what, or get another date without one."""
    if movement.kind is Kind.EXPIRE:
        return {"boundary": made.lapses_at or movement.effective_at}
    spared, moves = movement.spared, movement.new_expiry
    if spared is None:
        return {"expires_at": made.lapses_at, "expired_before": made.lapsed_at}
    return {
        "boundary": made.lapsed_at or movement.effective_at,
        "expires_at": None if moves is None else moves.expires_at,
        "spared_by": spared.by,
        "spared_as": spared.name,
        "programme_version": spared.version,
    }


def _owed(movement: Movement, made: Made) -> dict[str, Any]:
    """What is told of a debt that was paid or fell due; of a loan by which request and terms, and how much it is."""
    loan = movement.loan
    if loan is None:
        lent = {"lent_left": made.lent} if made.lent and movement.kind is Kind.REPAY else {}
        return {"debt_left": made.owed} | lent
    return {
        "redemption_id": str(made.cause.key),
        "repays_percent": loan.share,
        "due_at": loan.due_at,
        "lent_left": made.lent,
    }


def _taken_back(movement: Movement) -> dict[str, Any]:
    """What a release and a restoration take back; a restoration may give its lots a later date."""
    if movement.kind is Kind.RELEASE:
        return {"corrects": movement.corrects}
    if movement.kind is Kind.RESTORE:
        moves = movement.new_expiry
        return {"corrects": movement.corrects, "expires_at": None if moves is None else moves.expires_at}
    return {}


def _other_side(made: Made) -> dict[str, Any]:
    """What a transfer tells: the other member, and of a lot that came what it was there."""
    told: dict[str, Any] = {"counterpart_id": str(made.counterpart)}
    lot = made.movement.opens
    if lot is None:
        return told
    whose = None if lot.contributor is None else str(lot.contributor)
    return told | {"opens": lot.seq, "contributor_id": whose, "earned_at": lot.earned_at, "expires_at": lot.expires_at}
