"""What is told of referrals: to the world on `loyalty.members`, and to ourselves, to be looked at in a moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import (
    ReferralClaimedV1,
    ReferralConvertedV1,
    ReferralDueV1,
    ReferralHeldV1,
    ReferralRefusedV1,
    ReferralStartedV1,
)
from libs.contracts.headers import headers_of
from libs.contracts.writer import EventWriter
from libs.judging.versions import RunningProgramme
from libs.referral.decide import Claim, Outcome
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash

MEMBERS = "loyalty.members"
ACTIVITIES = "loyalty.activities"
SOURCE = "/pointstream/earning"
WHAT = "referral"
_TYPES = {
    "started": ReferralStartedV1.event_type,
    "converted": ReferralConvertedV1.event_type,
    "held": ReferralHeldV1.event_type,
    "refused": ReferralRefusedV1.event_type,
}


def told(programme: RunningProgramme, claim: Claim, after: Outcome, number: int, now: datetime) -> Outgoing:
    """Tell where a referral stands; the referrer's events have it in order."""
    kind, referrer = _TYPES[after.state], str(claim.referrer)
    data: dict[str, Any] = {
        "referrer_id": referrer,
        "friend_id": str(claim.friend),
        "number": number,
        "claimed_at": claim.claimed_at,
        "consented": claim.consented,
        "programme_version": claim.version,
    }
    if after.state == "converted":
        data["converted_at"] = after.converted_at
    if after.reasons:
        data["reason"] = after.reasons[0]
    writer = EventWriter(type=kind, source=SOURCE, time=now, tenant=programme.tenant, programme=programme.programme)
    name = event_id(programme.tenant, f"{programme.programme}/referral", kind, str(claim.friend), number)
    key = referrer.encode()
    value, headers = writer.write(name, referrer, None, data), writer.headers(name, key, None)
    return Outgoing(MEMBERS, key, kafka_partition_hash(key), value, headers, True)


def asked_for(programme: RunningProgramme, member_id: UUID, cause: UUID, now: datetime) -> Outgoing:
    """Ask for a look at a member's referrals, because of an event: once for each of both."""
    data = {"member_id": str(member_id)}
    return _own(programme, ReferralDueV1.event_type, member_id, cause, now, data)


def claimed(
    programme: RunningProgramme, member_id: UUID, code: str, consented: bool, cause: UUID, at: datetime
) -> Outgoing:
    """Say that a member named a code in an event, at the time of which it counts."""
    data = {"member_id": str(member_id), "code": code, "consented": consented}
    return _own(programme, ReferralClaimedV1.event_type, member_id, cause, at, data)


def _own(
    programme: RunningProgramme, kind: str, member_id: UUID, cause: UUID, at: datetime, data: Mapping[str, object]
) -> Outgoing:
    text = str(member_id)
    value = encode(
        type=kind,
        source=programme.source(WHAT),
        id=event_id(programme.tenant, f"{programme.programme}/{cause.hex}", kind, text, 0),
        time=at,
        subject=text,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=text,
        data=data,
    )
    key = text.encode()
    return Outgoing(ACTIVITIES, key, kafka_partition_hash(key), value, tuple(headers_of(value)), True)
