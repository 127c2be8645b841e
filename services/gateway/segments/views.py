"""What the API answers about segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from libs.promotions.effect_words import Teller
from libs.promotions.segments import Segment
from libs.segments.explain import Explanation, describe
from services.gateway.views import EXAMPLE_MEMBER, View


class SegmentView(View):
    """A segment of the programme in force."""

    name: str = Field(examples=["regulars"])
    title: str | None = Field(description="What people call it.")
    list: bool = Field(description="Whether people keep it as a list; else its members follow from what it asks.")
    members: int = Field(description="How many members it has now, exactly.")
    asks: tuple[str, ...] = Field(description="What it asks for, in words, a line a condition.")


class SegmentsView(View):
    """The segments of a programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "data": [
                    {
                        "name": "regulars",
                        "title": "Regulars",
                        "list": False,
                        "members": 1402,
                        "asks": ["all of these hold", "\u2013 at least 3 purchases in the last 90 days"],
                    }
                ],
                "waiting": 0,
            }
        }
    )

    programme: str
    data: tuple[SegmentView, ...]
    waiting: int = Field(description="Members who wait to be looked at, because something was done or time has come.")


class SegmentMember(View):
    """A member of a segment."""

    member_id: UUID
    entered_at: datetime


class SegmentMembersPage(View):
    """Members of a segment in the order of their ids."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [{"member_id": EXAMPLE_MEMBER, "entered_at": "2024-03-30T10:15:00Z"}],
                "next_cursor": None,
                "has_more": False,
            }
        }
    )

    data: tuple[SegmentMember, ...]
    next_cursor: str | None
    has_more: bool


class ConditionView(View):
    """A condition of a segment, as it is met by a member or is not."""

    depth: int = Field(description="How deep it lies in groups of conditions.")
    words: str
    met: bool
    there: str | None = Field(description="What there is of what it asks for; null where there is nothing to say.")


class MemberSegmentView(View):
    """A segment, whether a member is in it, and why."""

    name: str
    title: str | None
    list: bool
    since: datetime | None = Field(description="Since when decisions see the member in it; null when they do not.")
    holds: bool = Field(
        description="Whether what is asked for holds now: where that differs from `since`, the next look changes it."
    )
    conditions: tuple[ConditionView, ...]


class MemberSegmentsView(View):
    """Every segment of the programme, and whether and why a member is in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "data": [
                    {
                        "name": "regulars",
                        "title": "Regulars",
                        "list": False,
                        "since": None,
                        "holds": False,
                        "conditions": [
                            {"depth": 0, "words": "all of these hold", "met": False, "there": None},
                            {
                                "depth": 1,
                                "words": "at least 3 purchases in the last 90 days",
                                "met": False,
                                "there": "2",
                            },
                        ],
                    }
                ],
            }
        }
    )

    member_id: UUID
    programme: str
    data: tuple[MemberSegmentView, ...]


class ListChangedView(View):
    """What became of a change to a list."""

    model_config = ConfigDict(json_schema_extra={"example": {"added": 2, "removed": 0, "unknown": ["card:99"]}})

    added: int = Field(description="Members who are on the list now and were not before.")
    removed: int = Field(description="Members who were on the list and are not now.")
    unknown: tuple[str, ...] = Field(description="Entries that name nobody in the programme, as they were sent.")


class RejectedRow(View):
    """A row of a file that names nobody."""

    line: int = Field(description="The line that it begins on.")
    pointer: str = Field(description="The column, where it is one.", examples=["/member_id"])
    expected: str


class ListUploadedView(View):
    """What became of a file of members."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": 3,
                "added": 2,
                "removed": 0,
                "rejected": 1,
                "rejects": [{"line": 4, "pointer": "", "expected": "a member of the programme"}],
                "dry_run": False,
            }
        }
    )

    rows: int
    added: int = Field(description="Members who are on the list now and were not before.")
    removed: int = Field(description="Members who were on the list and are not now.")
    rejected: int
    rejects: tuple[RejectedRow, ...] = Field(description="The first 1,000 rows that name nobody.")
    dry_run: bool


def segment_views(segments: Iterable[Segment], counts: Mapping[str, int], teller: Teller) -> tuple[SegmentView, ...]:
    """The segments of a programme with their counts, in a language."""
    return tuple(
        SegmentView(
            name=each.name,
            title=each.title,
            list=each.list,
            members=counts.get(each.name, 0),
            asks=describe(each, teller),
        )
        for each in segments
    )


def explained_view(found: Explanation, since: datetime | None) -> MemberSegmentView:
    """Why a member is in a segment or is not."""
    return MemberSegmentView(
        name=found.segment.name,
        title=found.segment.title,
        list=found.segment.list,
        since=since,
        holds=found.member,
        conditions=tuple(
            ConditionView(depth=line.depth, words=line.words, met=line.met, there=line.there) for line in found.lines
        ),
    )
