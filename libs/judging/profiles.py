"""What is known of a member beside identifiers and tier, as rules are asked of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self

import orjson
from msgspec.structs import replace

from libs.judging.versions import RunningProgramme
from libs.promotions.facts import NO_FACTS, Fact, MemberFacts


class Profile(NamedTuple):
    """A state of a member's profile: its number, 0 before anything was told; the birthday as month and day."""

    revision: int
    birthday: tuple[int, int] | None = None
    attributes: Mapping[str, Fact] = NO_FACTS

    @classmethod
    def of_row(cls, revision: int, birthday: int | None, attributes: str | None) -> Self:
        """Read what is stored: the birthday as month times 100 plus day, the attributes as JSON."""
        day = None if birthday is None else divmod(birthday, 100)
        return cls(revision, day, NO_FACTS if attributes is None else orjson.loads(attributes))


def knowing(facts: MemberFacts, profile: Profile) -> MemberFacts:
    """Return a member's facts with a state of their profile."""
    return replace(facts, attributes=profile.attributes, birthday=profile.birthday, profile=profile.revision)


def enrolled(facts: MemberFacts, enrolled_at: datetime, programme: RunningProgramme) -> MemberFacts:
    """Return a member's facts with the day of enrolment, in the zone of the programme as it is now."""
    zone = programme.versions[-1].zone
    return replace(facts, joined_on=enrolled_at.astimezone(zone).date())
