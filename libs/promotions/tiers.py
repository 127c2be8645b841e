"""The document's tiers: sets of levels, what reaches them, how long they hold and what ends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.promotions.history import EVER, Window
from libs.promotions.parts import Misplaced, Name, NonNegative, Part, Positive, Text, refuse_repeats, unless_written

Words = Annotated[str, Field(min_length=1, max_length=500)]
LevelName = Annotated[str, Field(min_length=1, max_length=32)]


class Threshold(Part):
    """What must have been done in the window: points, spend in minor units, purchases, activities, tier points."""

    points: Positive | None = None
    spend_minor: Positive | None = None
    visits: Positive | None = None
    activities: Positive | None = None
    tier_points: Positive | None = unless_written(None)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.asked:
            raise Misplaced("points", "needs a threshold", ", ".join(type(self).model_fields))
        return self

    @property
    def asked(self) -> tuple[tuple[str, int], ...]:
        """The thresholds that are given, by what they count."""
        found = [(name, getattr(self, name)) for name in type(self).model_fields]
        return tuple([(name, least) for name, least in found if least is not None])


class Benefit(Part):
    """Something that members of a level have, in words, and with a number where one is needed."""

    name: Name
    words: Words | None = None
    value: NonNegative | None = None


class Level(Part):
    """One level. Without `needs` everybody has it: the lowest may do without.

    `keeps_points` says that points of its members do not lapse. `rewards` are rewards that nobody can have who is not
    in a level that names them: each level names its own. It counts in the set that drives the tier.
    """

    name: LevelName
    title: Text | None = None
    needs: Threshold | None = None
    benefits: Annotated[tuple[Benefit, ...], Field(max_length=64)] = ()
    keeps_points: bool = False
    rewards: Annotated[tuple[Name, ...], Field(max_length=1_000)] = ()


class RollingWindow(Part):
    """The last `days` or `months`."""

    kind: Literal["rolling"]
    days: Annotated[int, Field(strict=True, ge=1, le=3_660)] | None = None
    months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise Misplaced("days", "needs one of them", "days, months")
        return self


class CalendarWindow(Part):
    """The present month, quarter, half-year or year."""

    kind: Literal["calendar"]
    period: Literal["month", "quarter", "half_year", "year"]


class MembershipYear(Part):
    """The year since the last day of enrolment."""

    kind: Literal["membership_year"]


class Lifetime(Part):
    """All there ever was."""

    kind: Literal["lifetime"]


class UntilPeriodEnd(Part):
    """A level holds to the end of the period in which it was reached, and `extra_periods` longer."""

    kind: Literal["period_end"]
    period: Literal["month", "quarter", "half_year", "year"]
    extra_periods: Annotated[int, Field(strict=True, ge=0, le=40)] = 0


class ForMonths(Part):
    """A level holds so many months, to the end of the last day."""

    kind: Literal["months"]
    months: Annotated[int, Field(strict=True, ge=1, le=120)]


class WhileMet(Part):
    """A level holds as long as its threshold is met in the window."""

    kind: Literal["while_met"]


class ForEver(Part):
    """A level once reached is not lost by time."""

    kind: Literal["for_ever"]


class TierSet(Part):
    """Levels from the lowest to the highest, and the rules they share.

    A level is reached when `all` of its thresholds are met in the window, or `any` of them: at once, or only when a
    calendar period ends. It holds as `holds` says and `grace_days` longer; what was not met again by then drops to what
    was earned, or by one level. `wallets` names those whose points count (none: all), `activities` those that count.
    `returns_lower_tier` says whether a return may take a level away that without it would not have been reached.
    `drives_tier` names the set whose level campaigns see as the member's tier; one set does. Who would lose a level
    by what there is, is told so `warn_days` before it ends.
    """

    name: Name
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=32)]
    match: Literal["all", "any"] = "all"
    window: Annotated[RollingWindow | CalendarWindow | MembershipYear | Lifetime, Field(discriminator="kind")] = (
        Lifetime(kind="lifetime")
    )
    wallets: Annotated[tuple[Name, ...], Field(max_length=16)] = ()
    activities: Annotated[tuple[Text, ...], Field(max_length=64)] = ()
    reached: Literal["at_once", "at_period_end"] = "at_once"
    holds: Annotated[UntilPeriodEnd | ForMonths | WhileMet | ForEver, Field(discriminator="kind")] = ForEver(
        kind="for_ever"
    )
    grace_days: Annotated[int, Field(strict=True, ge=0, le=366)] = 0
    drop: Literal["to_earned", "by_one"] = "to_earned"
    returns_lower_tier: bool = True
    drives_tier: bool = False
    warn_days: Annotated[int, Field(strict=True, ge=1, le=366)] | None = unless_written(None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_repeats("levels[{}].name", [level.name for level in self.levels])
        for at, level in enumerate(self.levels[1:], start=1):
            if level.needs is None:
                raise Misplaced(f"levels[{at}].needs", "only the lowest level needs nothing")
        if self.reached == "at_period_end" and self.window.kind != "calendar":
            raise Misplaced("reached", "goes with a calendar window", "at_once")
        if self.drop == "by_one" and self.holds.kind == "while_met":
            raise Misplaced("drop", "a level that holds while it is met ends on no date", "to_earned")
        return self

    @property
    def windows(self) -> tuple[Window, ...]:
        """Windows of days that reach as far back as the set may ask, seen from any day."""
        match self.window:
            case RollingWindow(days=days, months=months):
                return (Window(days=days, months=months),)
            case CalendarWindow(period=period):
                return (Window(period=period), Window(period=period, back=1))
            case MembershipYear():
                return (Window(months=12),)
        return (EVER,)


TierSets = Annotated[tuple[TierSet, ...], Field(max_length=16)]


def reserved(sets: Sequence[TierSet]) -> dict[str, tuple[Level, ...]]:
    """Rewards that only members of some levels can have, with these levels, the lowest first."""
    found: dict[str, tuple[Level, ...]] = {}
    for level in [level for one in sets if one.drives_tier for level in one.levels]:
        for reward in level.rewards:
            found[reward] = (*found.get(reward, ()), level)
    return found


def leading_set(sets: Sequence[TierSet]) -> str | None:
    """The set that tier points go to which name none: the one that drives the tier, or the only one."""
    driving = [one.name for one in sets if one.drives_tier or len(sets) == 1]
    return driving[0] if driving else None


def driving_levels(sets: Sequence[TierSet]) -> list[str]:
    """The levels that members may have as their tier; none where no set drives it, and people say what it is."""
    return [level.name for one in sets if one.drives_tier for level in one.levels]


def check_sets(sets: tuple[TierSet, ...], wallets: list[str]) -> None:
    """Raise `Misplaced` where sets do not agree with each other or with the programme's wallets."""
    refuse_repeats("tier_sets[{}].name", [one.name for one in sets])
    driving = [at for at, one in enumerate(sets) if one.drives_tier]
    if len(driving) > 1:
        raise Misplaced(f"tier_sets[{driving[1]}].drives_tier", "another set drives the tier", "false")
    for at, one in enumerate(sets):
        for wallet in one.wallets:
            if wallet not in wallets:
                raise Misplaced(f"tier_sets[{at}].wallets", f"no wallet {wallet!r}", ", ".join(wallets))
