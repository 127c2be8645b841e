"""A member's facts with the segments that the member is in, or was in when something was decided. Pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from libs.judging.versions import RunningProgramme
from libs.promotions.facts import MemberFacts


def in_segments(facts: MemberFacts, names: Collection[str] | None, programme: RunningProgramme) -> MemberFacts:
    """Return facts with the segments of these names, and those of them that are lists; None: nobody has looked."""
    if names is None:
        return facts if facts.segments is None else replace(facts, segments=None, lists=None)
    segments = tuple(sorted(names))
    return replace(facts, segments=segments, lists=tuple([name for name in segments if name in programme.lists]))


def segments_seen(facts: MemberFacts) -> tuple[str, ...] | None:
    """The segments that a decision on these facts sees, as they are kept with it; None: nobody has looked."""
    return None if facts.segments is None else tuple(facts.segments)
