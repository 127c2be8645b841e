"""Challenges: campaigns for whoever has done all of some things, of which members are told how far they are.

What is to be done is a segment of counts; the campaign pays whoever comes into it. A challenge may be done again when
its windows of days have moved on and the member was out of it meanwhile; `limits` say how often.
"""

from __future__ import annotations

from collections.abc import Sequence

from libs.promotions.campaigns import Campaign
from libs.promotions.parts import Misplaced
from libs.promotions.segments import Counted, Segment
from libs.promotions.triggers import SegmentTrigger


def steps_of(segment: Segment) -> tuple[Counted, ...]:
    """What is to be done, all of it; empty where the segment asks for something else than more of things."""
    when = segment.when
    if when is None or when.any or when.none:
        return ()
    steps = tuple([one for one in when.all if isinstance(one, Counted) and _grows(one)])
    return steps if len(steps) == len(when.all) else ()


def segment_of(campaign: Campaign, segments: Sequence[Segment]) -> Segment | None:
    """The segment that a campaign waits for somebody to come into; None where it waits for something else."""
    trigger = campaign.trigger
    if not isinstance(trigger, SegmentTrigger) or trigger.kind != "segment_entered":
        return None
    return next((one for one in segments if one.name == trigger.segment), None)


def check_challenges(campaigns: Sequence[Campaign], segments: Sequence[Segment]) -> None:
    """Refuse challenges of which nobody could be told how far they are.

    Raises:
        Misplaced: at the first of them.
    """
    for at, campaign in enumerate(campaigns):
        if not campaign.challenge:
            continue
        segment = segment_of(campaign, segments)
        if segment is None:
            raise Misplaced(f"campaigns[{at}].challenge", "is for who enters a declared segment", "segment_entered")
        if not steps_of(segment):
            reason = f"segment {segment.name!r} must ask for counts with a `min` alone, all of them"
            raise Misplaced(f"campaigns[{at}].trigger.segment", reason)


def _grows(one: Counted) -> bool:
    return one.min is not None and one.min > 0 and one.max is None and one.what != "average_basket_minor"
