"""What a decision sees of a member, kept so that a receipt is judged again by the facts of its first time. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from libs.history.counted import business_day
from libs.judging.groups import in_segments
from libs.judging.profiles import Profile, knowing
from libs.judging.versions import RunningProgramme
from libs.promotions.facts import MemberFacts
from libs.promotions.seen import Seen, as_history, condense
from libs.receipts.story import Story
from services.earning.verdict import Standing


def seen_by(programme: RunningProgramme, standing: Standing | None, judged_at: datetime) -> Seen | None:
    """What a decision sees of a member's history, as it is kept; None where nobody asks for it."""
    if standing is None or programme.history is None or standing.facts.history is None:
        return None
    version = programme.at(judged_at)
    if version is None:
        return None
    return condense(standing.facts.history, programme.history.windows, business_day(judged_at, version.zone))


def as_first_judged(owner: MemberFacts, story: Story, past: Profile | None, programme: RunningProgramme) -> MemberFacts:
    """A receipt's owner as the receipt was first judged: by tier, history, segments and profile of that time.

    `past` is the profile of that time where the owner's present one is another.
    """
    first = owner
    if owner.tier != story.tier or owner.history is not None or story.history is not None:
        first = replace(owner, tier=story.tier, history=as_history(story.history))
    first = in_segments(first, story.segments, programme)
    if story.profile == owner.profile:
        return first
    if past is None:  # nobody had asked
        return replace(first, attributes=None, birthday=None, profile=None)
    return knowing(first, past)
