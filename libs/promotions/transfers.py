"""The document's word on points that go from member to member: how many, how often, and how soon they may be spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from libs.promotions.limits import Used, period_name
from libs.promotions.parts import Misplaced, Name, Part, Positive, unless_written

_TIMES = "#times"


class TransferLimit(Part):
    """How many points, or how often, a member may give in a period of the programme's zone.

    Only transfers with these `reasons` count, only members of these `tiers` are held to it; without either, all.
    """

    period: Literal["day", "week", "month", "year", "ever"]
    points: Positive | None = None
    times: Positive | None = None
    reasons: Annotated[tuple[Name, ...], Field(max_length=64)] = unless_written(())
    tiers: Annotated[tuple[Name, ...], Field(max_length=64)] = unless_written(())

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.points is None and self.times is None:
            raise Misplaced("points", "either points or times says how much")
        return self


class Transfers(Part):
    """Limits of what members give, and for how many hours what came from another member rests before it may be spent.

    A transfer must fit every limit that holds for it. A merge brings points from another member too.
    """

    limits: Annotated[tuple[TransferLimit, ...], Field(max_length=64)] = unless_written(())
    min_points: Positive = unless_written(1)
    rest_hours: Annotated[int, Field(strict=True, ge=0, le=8_760)] = unless_written(0)


class Counted(NamedTuple):
    """A counter that a transfer uses: its key, by how much, and how much it may hold (None: it holds nobody back)."""

    key: str
    amount: int
    most: int | None


def counted(
    transfers: Transfers, member: UUID, reason: str, points: int, tier: str | None, at: datetime, zone: ZoneInfo
) -> Iterator[Counted]:
    """The counters of a transfer; limits for different levels that count the same share one.

    No campaign's id begins with a tilde. What is counted for others is counted for a member of any level, who may be of
    another tomorrow.
    """
    day = at.astimezone(zone).date()
    most: dict[tuple[str, int], int | None] = {}
    for limit in transfers.limits:
        if limit.reasons and reason not in limit.reasons:
            continue
        holds = not limit.tiers or tier in limit.tiers
        for unit, amount, bound in (("", points, limit.points), (_TIMES, 1, limit.times)):
            if bound is not None:
                name = (_key(limit, unit, member, day), amount)
                known = most.get(name)
                most[name] = min(bound, known or bound) if holds else known
    for (key, amount), bound in most.items():
        yield Counted(key, amount, bound)


def keys_of(transfers: Transfers, member: UUID, at: datetime, zone: ZoneInfo) -> Iterator[str]:
    """The keys of every counter of what a member gives in the periods of an instant."""
    day = at.astimezone(zone).date()
    for limit in transfers.limits:
        for unit, bound in (("", limit.points), (_TIMES, limit.times)):
            if bound is not None:
                yield _key(limit, unit, member, day)


def _key(limit: TransferLimit, unit: str, member: UUID, day: date) -> str:
    reasons = "+".join(sorted(limit.reasons)) or "*"
    return f"~given:{reasons}{unit}|{period_name(limit.period, day)}|{member}"


def passes(uses: Sequence[Counted], used: Used) -> bool:
    """Whether a transfer would go beyond any limit that holds for its member."""
    return any(each.most is not None and used.get(each.key, 0) + each.amount > each.most for each in uses)


def check_transfers(transfers: Transfers | None, levels: Sequence[str]) -> None:
    """Refuse levels that no member can have.

    Raises:
        Misplaced: with the path below the programme.
    """
    for at, limit in enumerate(() if transfers is None else transfers.limits):
        for place, tier in enumerate(limit.tiers):
            if levels and tier not in levels:
                raise Misplaced(f"transfers.limits[{at}].tiers[{place}]", f"no level {tier!r}", ", ".join(levels))
