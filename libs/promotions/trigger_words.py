"""Triggers in plain words: what a campaign is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from libs.language import wording
from libs.promotions.frame_words import rule_words
from libs.promotions.tiers import TierSet
from libs.promotions.triggers import (
    ActivityTrigger,
    AnniversaryTrigger,
    BirthdayTrigger,
    PurchaseTrigger,
    ScheduleTrigger,
    SegmentTrigger,
    TierReachedTrigger,
    Trigger,
)
from libs.promotions.wording import RULES


def trigger_words(trigger: Trigger, sets: Iterable[TierSet], language: str) -> Iterator[str]:
    """Say what a campaign is for; nothing of purchases, which is what nearly all are for."""
    say = partial(RULES.say, language)
    match trigger:
        case PurchaseTrigger():
            return
        case ActivityTrigger(activity=activity):
            yield say("activity", activity=activity)
        case TierReachedTrigger(level=None):
            yield say("trigger.tier_reached.any", tier_set=trigger.tier_set)
        case TierReachedTrigger(tier_set=name, level=level):
            titles = {one.name: one.title for each in sets if each.name == name for one in each.levels}
            yield say("trigger.tier_reached", level=titles.get(level or "") or level)
        case SegmentTrigger(kind=kind, segment=segment):
            yield say(f"trigger.{kind}", segment=segment)
        case BirthdayTrigger(days_before=days) if days:
            yield say("trigger.birthday.before", n=days)
        case AnniversaryTrigger(years=years) if years:
            listed = wording.all_of((f"{year}." for year in sorted(set(years))), language)
            yield say("trigger.anniversary.years", n=len(set(years)), listed=listed.removesuffix("."))
        case ScheduleTrigger(at=at):
            yield say("trigger.schedule", rule=rule_words(trigger, language), at=at)
        case other:
            yield say(f"trigger.{other.kind}")
