"""What earning tells the world: what became of each event, and every movement of points."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from libs.contracts.events import (
    ActivityEvaluatedV1,
    CartSettledV1,
    MemberTierPointsChangedV1,
    PointsCreditedV1,
    PurchaseEvaluatedV1,
    RewardGrantedV1,
    RewardRevokedV1,
)
from libs.contracts.writer import EventWriter
from libs.judging.verdict import Verdict
from libs.judging.versions import RunningProgramme
from libs.ledger.model import Kind, Lot
from libs.lives.made import Cause, Made, event_data, event_type_of
from libs.promotions.gifts import TIER_POINTS
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from services.earning.arrivals import RECORDED, Arrival
from services.earning.verdict import Given, Standing

POINTS = "loyalty.points"
REWARDS = "loyalty.rewards"
MEMBERS = "loyalty.members"
SOURCE = "/pointstream/earning"
_CREDITED = PointsCreditedV1.event_type
_EVALUATED = PurchaseEvaluatedV1.event_type
_GRANTED, _REVOKED = RewardGrantedV1.event_type, RewardRevokedV1.event_type
_TIER_POINTS = MemberTierPointsChangedV1.event_type
_CART_SETTLED = CartSettledV1.event_type
_ACTIVITY_EVALUATED = ActivityEvaluatedV1.event_type


class _Address(Struct, frozen=True):
    """Where the events of an event go: the key, its hash, and the member, if anybody is known."""

    key: bytes
    spread: int
    member: str | None


class Announcer:
    """Writes the events of a batch; what all events of a type and programme share is written once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._writers: dict[tuple[str, str, str], EventWriter] = {}

    def evaluated(
        self, arrival: Arrival, standing: Standing | None, verdict: Verdict, points: int, reversed_points: int = 0
    ) -> Outgoing:
        """What became of something said about a receipt."""
        event, evaluation = arrival.event, verdict.evaluation
        to = _address(arrival, standing)
        data: dict[str, Any] = {
            "receipt_source": event.source,
            "receipt_id": event.id,
            "receipt_number": event.data.receipt_number,
            "member_id": to.member,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
            "points": points,
            "campaigns": _campaigns(verdict, points),
            "programme_version": None if evaluation is None else evaluation.version,
        }
        if reversed_points:
            data["reversed"] = reversed_points
        return self._write(_EVALUATED, arrival.key.hex, arrival.programme, to, None, data)

    def activity_evaluated(
        self, arrival: Arrival, standing: Standing | None, verdict: Verdict, points: int
    ) -> Outgoing:
        """What became of an activity or an adjustment."""
        event, evaluation = arrival.event, verdict.evaluation
        to = _address(arrival, standing)
        data = {
            "activity_source": event.source,
            "activity_id": event.id,
            "activity": event.data.activity if arrival.kind == RECORDED else None,
            "member_id": to.member,
            "outcome": _known(verdict.outcome),
            "reason": verdict.reason,
            "points": points,
            "campaigns": _campaigns(verdict, points),
            "programme_version": None if evaluation is None else evaluation.version,
        }
        return self._write(_ACTIVITY_EVALUATED, arrival.key.hex, arrival.programme, to, None, data)

    def credited(self, programme: RunningProgramme, standing: Standing, lot: Lot, cause: Cause) -> Outgoing:
        """A lot that an event earned."""
        data = {
            "member_id": standing.text,
            "wallet": lot.wallet,
            "points": lot.amount,
            "lot": lot.seq,
            "receipt_source": cause.source,
            "receipt_id": cause.id,
            "earned_at": lot.earned_at,
            "active_from": lot.active_from,
            "expires_at": lot.expires_at,
            "programme_version": lot.policy_version,
        }
        to = _Address(standing.key, standing.spread, standing.text)
        return self._write(_CREDITED, cause.key.hex, programme, to, lot.seq, data, lot.seq)

    def moved(self, programme: RunningProgramme, standing: Standing, made: Made) -> Outgoing:
        """Any movement of a member's points."""
        movement, cause = made.movement, made.cause
        if movement.kind is Kind.CREDIT and movement.opens is not None:
            return self.credited(programme, standing, movement.opens, cause)
        to = _Address(standing.key, standing.spread, standing.text)
        data = event_data(made, standing.text)
        return self._write(event_type_of(movement), cause.key.hex, programme, to, movement.seq, data, movement.seq)

    def given(self, programme: RunningProgramme, standing: Standing, given: Given) -> Outgoing:
        """Something beside points that a member gets, or has to give back."""
        to = _Address(standing.key, standing.spread, standing.text)
        if given.kind == TIER_POINTS:
            return self._tier_points(programme, to, given)
        data = {
            "member_id": standing.text,
            "kind": given.kind,
            "reference": given.reference,
            "quantity": given.quantity,
            "campaign": given.campaign,
            "cause_source": given.cause.source,
            "cause_id": given.cause.id,
        }
        kind = _REVOKED if given.back else _GRANTED
        return self._write(kind, given.cause.key.hex, programme, to, None, data, given.number, topic=REWARDS)

    def cart_settled(
        self, arrival: Arrival, standing: Standing | None, data: Mapping[str, object], number: int = 0
    ) -> Outgoing:
        """How much stands of a receipt that codes, points or gift cards were set aside for."""
        to = _address(arrival, standing)
        told = {**data, "member_id": to.member}
        return self._write(_CART_SETTLED, arrival.key.hex, arrival.programme, to, None, told, number, topic=REWARDS)

    def _tier_points(self, programme: RunningProgramme, to: _Address, given: Given) -> Outgoing:
        sign = -1 if given.back else 1
        data = {
            "member_id": to.member,
            "tier_set": given.reference,
            "points": sign * given.quantity,
            "campaign": given.campaign,
            "cause_source": given.cause.source,
            "cause_id": given.cause.id,
        }
        number = sign * given.number  # what is added and what is taken away are numbered apart
        return self._write(_TIER_POINTS, given.cause.key.hex, programme, to, None, data, number, topic=MEMBERS)

    def _write(
        self,
        kind: str,
        cause: str,
        programme: RunningProgramme,
        to: _Address,
        memberseq: int | None,
        data: Mapping[str, object],
        ordinal: int = 0,
        topic: str = POINTS,
    ) -> Outgoing:
        shared = (kind, programme.tenant, programme.programme)
        writer = self._writers.get(shared)
        if writer is None:
            writer = self._writers[shared] = EventWriter(
                type=kind, source=SOURCE, time=self._now, tenant=programme.tenant, programme=programme.programme
            )
        name = event_id(programme.tenant, cause, kind, to.member or "", ordinal)
        subject = None if to.member is None else to.key
        return Outgoing(
            topic,
            to.key,
            to.spread,
            writer.write(name, to.member, memberseq, data),
            writer.headers(name, subject, memberseq),
            True,
        )


_ADJUSTED = frozenset({"reversed", "transferred", "merged", "unmerged"})


def _known(outcome: str) -> str:
    """An outcome in the words of this version: whatever a person, or a referral, does to points is an adjustment."""
    return "adjusted" if outcome in _ADJUSTED else outcome


def _address(arrival: Arrival, standing: Standing | None) -> _Address:
    if standing is None:
        key = arrival.event.id.encode()
        return _Address(key, kafka_partition_hash(key), None)
    return _Address(standing.key, standing.spread, standing.text)


def _campaigns(verdict: Verdict, points: int) -> tuple[str, ...]:
    """The campaigns that paid, if the event brought anything."""
    evaluation = verdict.evaluation
    if evaluation is None or not (points or (verdict.outcome == "no_points" and evaluation.gives)):
        return ()
    return evaluation.campaigns
