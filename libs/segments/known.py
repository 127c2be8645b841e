"""What is known of a member when their segments are decided. Pure values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from libs.history.days import MemberDays
from libs.promotions.facts import NO_FACTS, Fact
from libs.promotions.segments import Criterion, Segment


class Points(NamedTuple):
    """Points that may be spent in a stretch of time: of one wallet, `until` exclusive (None: for ever)."""

    wallet: str
    points: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """A member as segments see one.

    `tier` is what campaigns see, `levels` are those by tier set (None: below the lowest), `lists` the static lists that
    the member is in. `owing` are wallets with a debt: nothing may be spent of them. `attributes` and `birthday`, a
    month and a day, are None where nobody has told them.
    """

    enrolled_on: date
    days: MemberDays = field(default_factory=MemberDays)
    tier: str | None = None
    levels: Mapping[str, str | None] = field(default_factory=dict)
    lists: Collection[str] = ()
    points: tuple[Points, ...] = ()
    owing: Collection[str] = ()
    attributes: Mapping[str, Fact] = field(default_factory=lambda: NO_FACTS)
    birthday: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The segments of a version, in the programme's zone; a balance without a wallet is that of `first_wallet`."""

    segments: tuple[Segment, ...]
    zone: ZoneInfo
    first_wallet: str
    criteria: tuple[Criterion, ...] = field(init=False)
    """Every condition of the segments, each once."""

    def __post_init__(self) -> None:
        """Gather the conditions once: they are gone through for every member."""
        found = {repr(one): one for segment in self.segments for _, one in segment.criteria()}
        object.__setattr__(self, "criteria", tuple(found.values()))

    def day(self, at: datetime) -> date:
        """The business day of an instant."""
        return at.astimezone(self.zone).date()
