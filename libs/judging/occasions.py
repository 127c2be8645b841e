"""What comes to pass with a member, as the event that earning decides; and whether any campaign waits for it. Pure.

An occasion is an `activity.recorded` of the platform's own. Its id follows from what it is an occasion of, so that it
is decided once, however often it is told; what it says follows from the same: no two events of one id differ.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import ActivityRecordedV1
from libs.judging.versions import RunningProgramme
from libs.promotions.facts import NO_FACTS, Fact
from libs.promotions.occasions import (
    ENROLLED,
    PREFIX,
    RETURN,
    SEGMENT_ENTERED,
    SEGMENT_LEFT,
    TIER_REACHED,
    key,
)
from libs.runtime.keys import event_id

WHAT = "occasions"
"""The last part of the source that occasions come from, and nothing else does."""

CHANNEL = "platform"


class Occasion(NamedTuple):
    """An occasion: its activity's name, what it is one of, whose, when; `once` tells it apart from others like it."""

    name: str
    of: str | None
    member_id: UUID
    at: datetime
    once: str
    facts: tuple[tuple[str, Fact], ...] = ()


def is_awaited(programme: RunningProgramme, name: str, of: str | None, at: datetime) -> bool:
    """Whether a campaign of the version in force waits for such an occasion."""
    version = programme.at(at)
    return version is not None and key(name, of) in version.compiled.activities


def is_false(programme: RunningProgramme, source: str, activity: str) -> bool:
    """Whether an activity bears the name of an occasion and comes from somebody else than the platform."""
    return activity.startswith(PREFIX) and source != programme.source(WHAT)


def is_ours(programme: RunningProgramme, source: str) -> bool:
    """Whether an event is an occasion."""
    return source == programme.source(WHAT)


def enrolment(member_id: UUID, at: datetime) -> Occasion:
    """A member has enrolled."""
    return Occasion(ENROLLED, None, member_id, at, "")


def tier_reached(member_id: UUID, tier_set: str, level: str, number: int, at: datetime) -> Occasion:
    """A member has come to a higher level of a tier set; `number` is that of the change."""
    of = f"{tier_set}/{level}"
    return Occasion(TIER_REACHED, of, member_id, at, f"{tier_set}/{number}", (("level", level),))


def segment_turn(member_id: UUID, segment: str, at: datetime, *, entered: bool, number: int) -> Occasion:
    """A member has come into a segment or gone out of it; `number` counts the member's turns of this segment."""
    name = SEGMENT_ENTERED if entered else SEGMENT_LEFT
    return Occasion(name, segment, member_id, at, f"{segment}/{number}")


def something_returned(member_id: UUID, receipt_key: UUID, at: datetime) -> Occasion:
    """Something of a member's receipt has come back; the receipt has one such occasion."""
    return Occasion(RETURN, None, member_id, at, receipt_key.hex)


def occasion_id(programme: RunningProgramme, occasion: Occasion) -> str:
    """Return the id of the event of an occasion."""
    cause = f"{programme.programme}/{occasion.name}/{occasion.once}"
    return event_id(programme.tenant, cause, WHAT, str(occasion.member_id), 0)


def occasion_data(occasion: Occasion) -> dict[str, Any]:
    """Return what the event of an occasion says."""
    facts = dict(occasion.facts or NO_FACTS) | ({} if occasion.of is None else {"of": occasion.of})
    return {"activity": occasion.name, "member_id": str(occasion.member_id), "channel": CHANNEL, "data": facts}


def occasion_event(programme: RunningProgramme, occasion: Occasion) -> bytes:
    """Return the event of an occasion, as the value of a record whose key is the member's id."""
    text = str(occasion.member_id)
    return encode(
        type=ActivityRecordedV1.event_type,
        source=programme.source(WHAT),
        id=occasion_id(programme, occasion),
        time=occasion.at,
        subject=text,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=text,
        data=occasion_data(occasion),
    )
