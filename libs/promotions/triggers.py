"""The document's triggers: what a campaign judges. Beside purchases and activities that is what comes to pass with a
member: an occasion, which the platform notices by itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.promotions.audience import Around
from libs.promotions.parts import Name, Part, Positive, Text
from libs.promotions.recurrence import Recurrence

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class PurchaseTrigger(Part):
    """The campaign judges purchases."""

    kind: Literal["purchase"] = "purchase"


class ActivityTrigger(Part):
    """The campaign judges activities of this name, and no purchase."""

    kind: Literal["activity"]
    activity: Name


class ReturnTrigger(Part):
    """The campaign judges receipts of which something came back, each once, whatever else comes back of it."""

    kind: Literal["return"]


class EnrolledTrigger(Part):
    """The campaign judges members who enrol, each once."""

    kind: Literal["enrolled"]


class TierReachedTrigger(Part):
    """The campaign judges members who come to a higher level of a tier set: to this one, else to any with needs."""

    kind: Literal["tier_reached"]
    tier_set: Name
    level: Text | None = None


class SegmentTrigger(Part):
    """The campaign judges members who come into a segment, or go out of it."""

    kind: Literal["segment_entered", "segment_left"]
    segment: Text


class BirthdayTrigger(Part):
    """The campaign judges members as the day of their birthday begins, or some days before, once a year.

    Who was born on 29 February has their birthday on the last day of February.
    """

    kind: Literal["birthday"]
    days_before: Around = 0


class AnniversaryTrigger(Part):
    """The campaign judges members as the day begins on which they enrolled years ago; in some `years` only, if any."""

    kind: Literal["anniversary"]
    years: Annotated[tuple[Positive, ...], Field(max_length=100)] = ()


class ScheduleTrigger(Recurrence):
    """The campaign judges all members on the days of a rule, at a local time of the programme's zone."""

    kind: Literal["schedule"]
    at: ClockTime = "00:00"


Trigger = Annotated[
    PurchaseTrigger
    | ActivityTrigger
    | ReturnTrigger
    | EnrolledTrigger
    | TierReachedTrigger
    | SegmentTrigger
    | BirthdayTrigger
    | AnniversaryTrigger
    | ScheduleTrigger,
    Field(discriminator="kind"),
]

CLOCKED = ("birthday", "anniversary", "schedule")
"""Kinds of occasions that the clock brings."""
