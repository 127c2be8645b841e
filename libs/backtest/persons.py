"""What is known of a member beside what was done: profile, day of enrolment, lists; as of an instant. Pure.

A decision that was made on a state of the profile names it, and is made on it again. Others see the state that was
known at the time; before anything was known, what was known first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from libs.backtest.history import ListTurn, Profile, State
from libs.judging.groups import in_segments
from libs.judging.profiles import Profile as Told
from libs.judging.profiles import enrolled, knowing
from libs.judging.versions import RunningProgramme
from libs.promotions.facts import MemberFacts

_NOTHING = State(0, datetime(1, 1, 1, tzinfo=UTC))


def state_of(profile: Profile | None, at: datetime, revision: int | None = None) -> State:
    """The state of a member's profile at an instant, or that with a number."""
    states = () if profile is None else profile.states
    if revision is not None:
        return next((state for state in states if state.revision == revision), _NOTHING)
    found = next((state for state in reversed(states) if state.recorded_at <= at), None)
    return found or (states[0] if states else _NOTHING)


def person(
    facts: MemberFacts, profile: Profile | None, programme: RunningProgramme, at: datetime, revision: int | None = None
) -> MemberFacts:
    """Return facts with what rules ask of a profile; as they are where none does."""
    if not programme.knows:
        return facts
    state = state_of(profile, at, revision)
    facts = knowing(facts, Told(state.revision, state.birthday, state.attributes))
    return facts if profile is None else enrolled(facts, profile.enrolled_at, programme)


def listed(
    facts: MemberFacts, profile: Profile | None, programme: RunningProgramme, at: datetime, dynamic: Iterable[str]
) -> MemberFacts:
    """Return facts with segments: `dynamic` ones, and the lists that the member is on; as they are where none asks."""
    if not programme.sees_segments:
        return facts
    lists = [name for name in lists_at(profile, at) if name in programme.lists]
    return in_segments(facts, {*dynamic, *lists}, programme)


def lists_at(profile: Profile | None, at: datetime) -> frozenset[str]:
    """The lists that a member is on at an instant, where that was seen; else those of now.

    So a list that was made yesterday can be tried on the receipts of a year.
    """
    if profile is None:
        return frozenset()
    seen = [turn for turn in profile.turns if turn.seen]
    return _after(seen, at, set(profile.lists) - {turn.list for turn in seen})


def lists_come(profile: Profile | None, at: datetime) -> frozenset[str]:
    """The lists that a member had come on by an instant, as far as is known: for those who wait for that."""
    return frozenset() if profile is None else _after(profile.turns, at, set())


def _after(turns: Iterable[ListTurn], at: datetime, names: set[str]) -> frozenset[str]:
    for turn in turns:
        if turn.at > at:
            break
        if turn.entered:
            names.add(turn.list)
        else:
            names.discard(turn.list)
    return frozenset(names)
