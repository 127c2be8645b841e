"""The decision: what is known of a member and an instant in; their segments, and when to look again, out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.promotions.segments import Segment
from libs.segments.finding import Look
from libs.segments.known import Known, Rules
from libs.segments.turns import turns

LONGEST = timedelta(days=1)
"""Everybody is looked at again after so long, whether or not anything is due: what was missed is found then."""


class Decided(NamedTuple):
    """The names of a member's segments, and when they must be looked at again."""

    segments: frozenset[str]
    due_at: datetime


class Step(NamedTuple):
    """A member entered a segment, or left it."""

    segment: str
    entered: bool


def decide(rules: Rules, known: Known, now: datetime, longest: timedelta = LONGEST) -> Decided:
    """Decide for one member: in which segments they are at `now`, and until when time leaves that as it is."""
    here = segments_at(rules, known, now)
    latest = now + longest
    for at in turns(rules, known, now, latest):
        if segments_at(rules, known, at) != here:
            return Decided(here, at)
    return Decided(here, latest)


def segments_at(rules: Rules, known: Known, at: datetime) -> frozenset[str]:
    """The segments of a member at an instant, by what is known now."""
    look = Look(rules, known, at)
    return frozenset([segment.name for segment in rules.segments if belongs(segment, look)])


def belongs(segment: Segment, look: Look) -> bool:
    """Whether a member is in a segment: in the list, or where its conditions hold."""
    if segment.when is None:
        return segment.name in look.known.lists
    return look.holds(segment.when)


def steps(before: Iterable[str], after: Iterable[str]) -> list[Step]:
    """What was left and what was entered on the way from some segments to others, each by name."""
    was, now = frozenset(before), frozenset(after)
    return [*[Step(name, False) for name in sorted(was - now)], *[Step(name, True) for name in sorted(now - was)]]
