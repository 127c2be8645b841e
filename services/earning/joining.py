"""The event of an enrolment, as the world is told of it. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import MemberJoinedV1
from libs.contracts.headers import headers_of
from libs.judging.versions import RunningProgramme
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id

MEMBERS = "loyalty.members"
SOURCE = "/pointstream/earning"


def joined(programme: RunningProgramme, member_id: UUID, at: datetime, spread: int) -> Outgoing:
    """Return the event that a member came to a programme; `spread` is the hash of the member's id.

    It has one id for a member of a programme, however often an enrolment is told.
    """
    text = str(member_id)
    value = encode(
        type=MemberJoinedV1.event_type,
        source=SOURCE,
        id=event_id(programme.tenant, programme.programme, MemberJoinedV1.event_type, text, 0),
        time=at,
        subject=text,
        tenant=programme.tenant,
        programme=programme.programme,
        memberseq=None,
        partitionkey=text,
        data={"member_id": text, "enrolled_at": at},
    )
    return Outgoing(MEMBERS, text.encode(), spread, value, tuple(headers_of(value)), True)
