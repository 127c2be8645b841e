"""What is answered about messages to many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.mass.counts import Became, Count, Outlook, outlook, results
from libs.mass.postgres import Seen
from libs.mass.states import State
from libs.mass.wanted import Wanted
from services.gateway.views import View

_COUNT: JsonDict = {"variant": "a", "verdict": "send", "channel": "email", "reason": None, "members": 1204}
_DROP: JsonDict = {"variant": "a", "verdict": "drop", "channel": "sms", "reason": "no_consent", "members": 96}
_RESULT: JsonDict = {
    "variant": "a",
    "sent": 640,
    "opened": 122,
    "clicked": 31,
    "bounced": 2,
    "failed": 0,
    "suppressed": 48,
    "under_way": 512,
}
_EXAMPLE: JsonDict = {
    "mass_message_id": "6f0c1d52-3b7a-5e41-8c2d-9a4b1e7f3c05",
    "programme": "main",
    "name": "Spring, first wave",
    "state": "sending",
    "wanted": {
        "name": "Spring, first wave",
        "words": [{"title": "Spring is here", "text": "Double points on all plants until Sunday."}],
        "segments": ["regulars"],
    },
    "named": 0,
    "made_by": "marketing (k_7Q2M)",
    "made_at": "2024-04-01T14:00:00Z",
    "counted": 1300,
    "counted_at": "2024-04-01T14:00:03Z",
    "members": 1300,
    "outlook": {"now": 1204, "later": 0, "never": 96},
    "counts": [_COUNT, _DROP],
    "starts_at": None,
    "sent_by": "marketing (k_7Q2M)",
    "sent_at": "2024-04-01T14:02:00Z",
    "approval_above": 10000,
    "decided_by": None,
    "decided_at": None,
    "begins_at": "2024-04-01T14:02:01Z",
    "laid": 1200,
    "laid_at": None,
    "results": [_RESULT],
    "ended_at": None,
}
_PLAIN = (
    "programme", "name", "state", "named", "made_by", "made_at", "counted", "counted_at", "members", "starts_at",
    "sent_by", "sent_at", "approval_above", "decided_by", "decided_at", "begins_at", "laid", "laid_at", "ended_at",
)  # fmt: skip


class CountView(View):
    """Members for whom the same would be decided: each member counts once, over the channel that decides."""

    variant: str
    verdict: Literal["send", "wait", "drop"] = Field(description="It would go out now, later, or never.")
    channel: str
    reason: str | None = Field(description="Why later or never, such as `no_consent`, `quiet_hours` or `cap_reached`.")
    members: int


class OutlookView(View):
    """The same in sums; the three make up `members`."""

    now: int
    later: int
    never: int


class ResultView(View):
    """What became of a variant's messages so far; one over each channel that was tried."""

    variant: str
    sent: int = Field(description="Handed over to a carrier.")
    opened: int
    clicked: int
    bounced: int
    failed: int
    suppressed: int = Field(description="Not sent: no consent, no address, a cap, called off.")
    under_way: int = Field(description="Waiting, or being sent.")


class MassView(View):
    """A message to many as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    mass_message_id: UUID
    programme: str
    name: str
    state: State
    wanted: dict[str, Any] = Field(description="What was asked for, without what is usual anyway.")
    named: int = Field(description="How many members were named one by one.")
    made_by: str
    made_at: datetime
    counted: int = Field(description="How many members were looked at.")
    counted_at: datetime | None
    members: int | None = Field(description="How many members it is for; null until they are counted.")
    outlook: OutlookView | None = Field(description="Whom it would reach; null until all are counted.")
    counts: tuple[CountView, ...] = Field(description="The same over which channel, and why not.")
    starts_at: datetime | None
    sent_by: str | None
    sent_at: datetime | None
    approval_above: int | None = Field(description="The programme's bound when it was sent: above it two people.")
    decided_by: str | None
    decided_at: datetime | None
    begins_at: datetime | None
    laid: int = Field(description="For how many members a message was laid down by now.")
    laid_at: datetime | None
    results: tuple[ResultView, ...] = Field(description="What became of them, by variant.")
    ended_at: datetime | None


class MassLine(View):
    """A message to many in a list."""

    mass_message_id: UUID
    programme: str
    name: str
    state: State
    made_by: str
    made_at: datetime
    members: int | None
    laid: int
    ended_at: datetime | None


class MassPage(View):
    """A page of messages to many, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [{name: _EXAMPLE[name] for name in MassLine.model_fields}],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )

    data: tuple[MassLine, ...]
    next_cursor: str | None
    has_more: bool


def mass_view(seen: Seen, counts: Sequence[Count], became: Sequence[Became]) -> MassView:
    """Return what is answered about one."""
    plain = {name: getattr(seen, name) for name in _PLAIN}
    sums: Outlook | None = outlook(counts) if seen.counted_at is not None else None
    return MassView(
        **plain,
        mass_message_id=seen.mass_id,
        wanted=written(seen.wanted),
        outlook=None if sums is None else OutlookView(**sums._asdict()),
        counts=tuple([CountView(**{**each._asdict(), "reason": each.reason or None}) for each in counts]),
        results=tuple([ResultView(**each._asdict()) for each in results(became)]),
    )


def mass_line(seen: Seen) -> MassLine:
    """Return what a list says of one."""
    names = MassLine.model_fields.keys() - {"mass_message_id"}
    return MassLine(mass_message_id=seen.mass_id, **{name: getattr(seen, name) for name in names})


def written(wanted: Wanted) -> dict[str, Any]:
    """What was asked for, without what is usual anyway."""
    return wanted.model_dump(mode="json", exclude_defaults=True)
