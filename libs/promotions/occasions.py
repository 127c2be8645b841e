"""Occasions: what comes to pass with a member, told as an activity of the platform's own and judged like any other.

The activity of an occasion has a name that nobody else may use, and says in its data `of` what it is an occasion: of
which tier, segment, schedule. Campaigns are found by both together, so that none is asked whom it does not concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from libs.promotions.audience import FactField
from libs.promotions.campaigns import Campaign
from libs.promotions.criteria import Conditions
from libs.promotions.discounts import Discounting
from libs.promotions.extensions import Extend
from libs.promotions.facts import ActivityLike
from libs.promotions.gifts import Gift, StatusPoints
from libs.promotions.parts import Misplaced
from libs.promotions.payouts import Fixed, Formula, PerTier
from libs.promotions.tiers import TierSet
from libs.promotions.triggers import (
    CLOCKED,
    ActivityTrigger,
    AnniversaryTrigger,
    BirthdayTrigger,
    PurchaseTrigger,
    ScheduleTrigger,
    SegmentTrigger,
    TierReachedTrigger,
)

PREFIX = "occasion-"
"""Names of activities that begin so are the platform's own."""

RETURN = "occasion-return"
ENROLLED = "occasion-enrolled"
TIER_REACHED = "occasion-tier-reached"
SEGMENT_ENTERED = "occasion-segment-entered"
SEGMENT_LEFT = "occasion-segment-left"
BIRTHDAY = "occasion-birthday"
ANNIVERSARY = "occasion-anniversary"
SCHEDULE = "occasion-schedule"

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "return": RETURN,
        "enrolled": ENROLLED,
        "tier_reached": TIER_REACHED,
        "segment_entered": SEGMENT_ENTERED,
        "segment_left": SEGMENT_LEFT,
        "birthday": BIRTHDAY,
        "anniversary": ANNIVERSARY,
        "schedule": SCHEDULE,
    }
)
"""What the activity is called by the kind of trigger."""

ANY = "any"
"""`of` an anniversary that no campaign names by its year."""

DATA: Mapping[str, tuple[FactField, ...]] = MappingProxyType(
    {
        "anniversary": (FactField(name="years", type="int"),),
        "tier_reached": (FactField(name="level", type="text"),),
    }
)
"""The facts of an occasion that conditions may ask for, by the kind of trigger."""

_MEETABLE = frozenset(
    ("tiers", "not_tiers", "segments", "not_segments", "lists", "not_lists", "member", "data"),
)


def is_occasion(campaign: Campaign) -> bool:
    """Whether a campaign judges neither purchases nor activities of others."""
    return not isinstance(campaign.trigger, PurchaseTrigger | ActivityTrigger)


def judged_as(activity: ActivityLike) -> str:
    """What an activity is judged as: its name, and of an occasion also what it is one of."""
    name = activity.activity
    if not name.startswith(PREFIX) or activity.data is None or "of" not in activity.data:
        return name
    return key(name, str(activity.data["of"]))


def key(name: str, of: str | None) -> str:
    """Name the campaigns that an occasion is judged by."""
    return name if of is None else f"{name}:{of}"


def keys_of(campaigns: Iterable[Campaign], sets: Iterable[TierSet]) -> Iterator[tuple[str | None, Campaign]]:
    """Give each campaign under everything that it judges: None for purchases, else what `judged_as` says."""
    campaigns = list(campaigns)
    levels = {one.name: [level.name for level in one.levels if level.needs is not None] for one in sets}
    years = {year for one in campaigns if isinstance(one.trigger, AnniversaryTrigger) for year in one.trigger.years}
    for campaign in campaigns:
        match campaign.trigger:
            case PurchaseTrigger():
                yield None, campaign
            case ActivityTrigger(activity=activity):
                yield activity, campaign
            case other:
                for of in _occasions(campaign, levels, sorted(years)):
                    yield key(NAMES[other.kind], of), campaign


def _occasions(campaign: Campaign, levels: Mapping[str, list[str]], years: Iterable[int]) -> list[str | None]:
    """What the occasions of a campaign are occasions of."""
    found: list[str | None] = [None]
    match campaign.trigger:
        case TierReachedTrigger(tier_set=name, level=level):
            found = [f"{name}/{each}" for each in (levels[name] if level is None else [level])]
        case SegmentTrigger(segment=segment):
            found = [segment]
        case BirthdayTrigger(days_before=days):
            found = [str(days)]
        case AnniversaryTrigger(years=()):
            found = [*map(str, years), ANY]
        case AnniversaryTrigger(years=wanted):
            found = [str(year) for year in sorted(set(wanted))]
        case ScheduleTrigger():
            found = [campaign.id]
    return found


def check_occasions(campaigns: Iterable[Campaign], sets: Iterable[TierSet]) -> None:
    """Refuse a campaign whose occasion never comes, or that asks or counts what no occasion has.

    Raises:
        Misplaced: there is one.
    """
    levels = {one.name: [level.name for level in one.levels] for one in sets}
    for at, campaign in enumerate(campaigns):
        path, trigger = f"campaigns[{at}]", campaign.trigger
        if isinstance(trigger, ActivityTrigger) and trigger.activity.startswith(PREFIX):
            raise Misplaced(f"{path}.trigger.activity", f"names that begin with {PREFIX!r} are the platform's own")
        if isinstance(trigger, TierReachedTrigger):
            _check_tier(path, trigger, levels)
        if is_occasion(campaign):
            _check_conditions(path, campaign)
            _check_effects(path, campaign)


def _check_tier(path: str, trigger: TierReachedTrigger, levels: Mapping[str, list[str]]) -> None:
    if trigger.tier_set not in levels:
        reason = f"no tier set {trigger.tier_set!r}"
        raise Misplaced(f"{path}.trigger.tier_set", reason, ", ".join(levels) or "none is declared")
    known = levels[trigger.tier_set]
    if trigger.level is not None and trigger.level not in known:
        raise Misplaced(f"{path}.trigger.level", f"no level {trigger.level!r}", ", ".join(known))


def _check_conditions(path: str, campaign: Campaign) -> None:
    nothing, when = Conditions(), campaign.when
    for name in type(when).model_fields:
        if name not in _MEETABLE and getattr(when, name) != getattr(nothing, name):
            raise Misplaced(f"{path}.when.{name}", "this trigger has none, so the campaign would never pay")
    frame = campaign.frame
    if campaign.trigger.kind in CLOCKED and (frame.hours is not None or frame.windows):
        said = "say `at` in the trigger" if campaign.trigger.kind == "schedule" else "it comes as the day begins"
        raise Misplaced(f"{path}.frame.{'windows' if frame.windows else 'hours'}", f"the clock brings it; {said}")


def _check_effects(path: str, campaign: Campaign) -> None:
    for at, effect in enumerate(campaign.benefits):
        place = f"{path}.{campaign.path_of(at)}"
        if isinstance(effect, Discounting):
            raise Misplaced(place, "nothing can be taken off: there is no purchase")
        counts = isinstance(effect, PerTier | Gift | StatusPoints) and effect.per_minor is not None
        if counts or not isinstance(effect, Fixed | PerTier | Formula | Gift | StatusPoints | Extend):
            allowed = "fixed, per_tier once, formula, gifts, tier_points, extend"
            raise Misplaced(place, "there is no amount and nothing is bought", allowed)
