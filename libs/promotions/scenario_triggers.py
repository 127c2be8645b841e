"""What scenarios begin with: something that happens to a member, or that does not happen for long.

What the clock brings, a birthday, an anniversary, so many days without a purchase, is a segment that members come into;
the document gets that segment by itself, under a name that begins with `scenario-`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from libs.promotions.audience import Around
from libs.promotions.parts import Days, Name, NonNegative, Part, Positive, Text

OWN_SEGMENTS = "scenario-"
"""What the names of segments begin with that a scenario brings along."""


class PointsCredited(Part):
    """Points were credited: at least `min_points` of a `wallet`, by default of any."""

    kind: Literal["points_credited"]
    wallet: Name | None = None
    min_points: Positive = 1


class Purchased(Part):
    """The member bought something: it brought `min_points` over all wallets, and a `campaign`, if given, paid."""

    kind: Literal["purchase"]
    min_points: NonNegative = 0
    campaign: Name | None = None


class ActivityDone(Part):
    """The member did something other than buy: the activity of this name."""

    kind: Literal["activity"]
    activity: Name


class RewardGranted(Part):
    """A campaign gave a reward, coupon, badge or the like: this one, by default any."""

    kind: Literal["reward_granted"]
    reference: Text | None = None


class RedemptionAbandoned(Part):
    """A reward was set aside for the member, and nobody took it in time: this one, by default any."""

    kind: Literal["redemption_abandoned"]
    reference: Text | None = None


class Joined(Part):
    """The member was added to the programme, within the last two days."""

    kind: Literal["joined"]


class OrderMoved(Part):
    """An order of a reward went on to a `stage`, or came to nothing: of this reward, by default of any."""

    kind: Literal["order_moved"]
    stage: Literal["ordered", "shipped", "delivered", "returned", "failed", "cancelled"] | None = None
    reference: Text | None = None


class RewardInReach(Part):
    """The member's points reach a reward of the wish list: this one, by default any."""

    kind: Literal["reward_in_reach"]
    reference: Text | None = None


class TierReached(Part):
    """The member came to a higher level: to this one, by default any, of one tier set or any."""

    kind: Literal["tier_reached"]
    tier_set: Name | None = None
    level: Text | None = None


class TierAboutToDrop(Part):
    """The member is about to lose a level: this one, by default any, of one tier set or any."""

    kind: Literal["tier_about_to_drop"]
    tier_set: Name | None = None
    level: Text | None = None


class BeforeExpiry(Part):
    """A step of a wallet's reminders has come, with points that the member would lose."""

    kind: Literal["before_expiry"]
    wallet: Name | None = None
    step: Text | None = None


class SegmentEntered(Part):
    """The member came into a segment, whatever it asks for."""

    kind: Literal["segment_entered"]
    segment: Name


class Inactivity(Part):
    """The last purchase is so many days ago; who was away for longer when this came into force is left alone."""

    kind: Literal["inactivity"]
    days: Days


class Birthday(Part):
    """It is the member's birthday, or so many days before it."""

    kind: Literal["birthday"]
    days_before: Around = 0


class Anniversary(Part):
    """It is the day of enrolment in a later year, or so many days before it; in some years only if `years` says so."""

    kind: Literal["anniversary"]
    days_before: Around = 0
    years: Annotated[tuple[Positive, ...], Field(max_length=100)] = ()


Clocked = Inactivity | Birthday | Anniversary
ScenarioTrigger = Annotated[
    PointsCredited
    | Purchased
    | ActivityDone
    | RewardGranted
    | RedemptionAbandoned
    | Joined
    | OrderMoved
    | RewardInReach
    | TierReached
    | TierAboutToDrop
    | BeforeExpiry
    | SegmentEntered
    | Inactivity
    | Birthday
    | Anniversary,
    Field(discriminator="kind"),
]


def segment_of(trigger: Clocked) -> dict[str, Any]:
    """Return the segment that members come into when the clock brings it, as a document says it."""
    asked: dict[str, Any]
    match trigger:
        case Inactivity(days=days):
            name, asked = f"inactive-{days}", {"kind": "recency", "min_days": days}
        case Birthday(days_before=days):
            name, asked = f"birthday-{days}", {"kind": "birthday", "days_before": days}
        case Anniversary(days_before=days, years=years):
            name = "-".join(["anniversary", str(days), *map(str, sorted(set(years)))])[:48]
            asked = {"kind": "anniversary", "days_before": days, "years": list(years)}
    return {"name": OWN_SEGMENTS + name, "when": {"all": [asked]}}


def with_segments(document: Any) -> Any:
    """Return a document with the segments that its scenarios bring along; what is amiss is left as it is."""
    scenarios = document.get("scenarios") if isinstance(document, Mapping) else None
    if not isinstance(scenarios, list | tuple):
        return document
    there = document.get("segments", ())
    if not isinstance(there, list | tuple):
        return document
    known = {each.get("name") for each in there if isinstance(each, Mapping)}
    added: dict[str, Any] = {}
    for scenario in scenarios:
        trigger = scenario.get("trigger") if isinstance(scenario, Mapping) else None
        if (clocked := _clocked(trigger)) is not None:
            segment = segment_of(clocked)
            added.setdefault(segment["name"], segment)
    new = [segment for name, segment in added.items() if name not in known]
    return {**document, "segments": [*there, *new]} if new else document


def _clocked(trigger: Any) -> Clocked | None:
    kinds: Mapping[Any, type[Clocked]] = {"inactivity": Inactivity, "birthday": Birthday, "anniversary": Anniversary}
    kind = kinds.get(trigger.get("kind")) if isinstance(trigger, Mapping) else None
    if kind is None:
        return None
    try:
        return kind.model_validate(trigger)
    except ValueError:
        return None  # told where it stands, with all other faults
