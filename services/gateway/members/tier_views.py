"""Where a member stands in each tier set, what is missing to the next level and what keeps this one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from pydantic import ConfigDict, Field

from libs.language.catalogue import DEFAULT
from libs.promotions.exemption_words import benefit_words
from libs.promotions.tiers import Level, TierSet
from libs.tiers.decide import Decision, Rules, TierStanding
from libs.tiers.windows import progress, tier_points
from services.gateway.members.tier_store import KeptChange, MemberTiers
from services.gateway.store import Member
from services.gateway.views import MemberView, View


class FigureView(View):
    """How much there is of something that a level needs."""

    what: str = Field(description="What is counted: points, spend_minor, visits, activities or tier_points.")
    done: int
    least: int


class NextLevel(View):
    """The next higher level, and how far the member has come."""

    level: str
    title: str | None
    progress: tuple[FigureView, ...]


class TierView(View):
    """Where a member stands in one tier set."""

    tier_set: str
    level: str | None = Field(description="The level; null below the lowest.")
    title: str | None
    since: datetime | None
    until: datetime | None = Field(description="Until when it holds; null for no end that is known.")
    given: bool = Field(description="Whether a person gave it, or it is where the member landed softly.")
    in_grace: bool = Field(description="Whether it has ended and is kept a little longer.")
    about_to_drop: bool = Field(
        description="Whether the level ends within the days of which the set tells, and what there is does not keep it."
    )
    drives_tier: bool = Field(description="Whether campaigns see it as the member's tier.")
    benefits: tuple[str, ...] = Field(description="What members of the level have, in words.")
    rewards: tuple[str, ...] = Field(
        description="Rewards that only members of this level, and others like it, can have."
    )
    next: NextLevel | None = Field(description="The next level; null at the highest.")
    tier_points: int | None = Field(description="Tier points that count today; null where no level asks for any.")
    kept_by: tuple[FigureView, ...] = Field(
        description="What keeps the level when it ends, as counted up to now; empty where nothing is needed."
    )


class TierChangeView(View):
    """A change of a member's tier."""

    tier_set: str
    number: int
    from_level: str | None
    to_level: str | None
    reason: str = Field(examples=["earned", "period_ended", "not_kept", "returned", "given"])
    words: str
    effective_at: datetime
    until: datetime | None
    programme_version: int
    figures: tuple[FigureView, ...]
    recorded_at: datetime


class TierChanges(View):
    """The last changes of a member's tiers, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data": [
                    {
                        "tier_set": "status",
                        "number": 2,
                        "from_level": "silver",
                        "to_level": "gold",
                        "reason": "earned",
                        "words": "What the level needs was there.",
                        "effective_at": "2024-03-30T10:15:00Z",
                        "until": "2025-12-31T23:00:00Z",
                        "programme_version": 3,
                        "figures": [{"what": "points", "done": 1040, "least": 1000}],
                        "recorded_at": "2024-03-30T10:15:01Z",
                    }
                ]
            }
        }
    )

    data: tuple[TierChangeView, ...]


class MemberWithTiers(MemberView):
    """A member, the balance at an instant, and where the member stands now."""

    tiers: tuple[TierView, ...] = Field(description="One entry for each tier set of the programme.")
    segments: tuple[str, ...] = Field(default=(), description="The segments that the member is in.")


_WORDS = {
    "earned": "What the level needs was there.",
    "period_ended": "What the level needs was there when the period ended.",
    "not_kept": "What the level needs was not there again in time.",
    "returned": "A return took away what the level needs.",
    "given": "A person said so.",
}


def tier_views(found: MemberTiers | None, member: Member, now: datetime) -> tuple[TierView, ...]:
    """Show where a member stands by now, also where the clock or a person has changed it and it is not recorded yet."""
    if found is None:
        return ()
    enrolled_on = member.enrolled_at.astimezone(found.zone).date()
    views = []
    for tiers in found.sets:
        rules = Rules(tiers, found.zone)
        standing = found.standings.get(tiers.name)
        decision = Decision(rules, found.days, enrolled_on)
        if tiers.drives_tier and member.tier not in (None, None if standing is None else standing.level):
            standing = decision.give(standing, str(member.tier), now).standing
        standing = decision.decide(standing, now).standing
        about_to_drop = decision.ahead(standing, now) is not None
        views.append(_view(found, rules, standing, enrolled_on, now, about_to_drop=about_to_drop))
    return tuple(views)


def _view(
    found: MemberTiers, rules: Rules, standing: TierStanding, enrolled_on: date, now: datetime, *, about_to_drop: bool
) -> TierView:
    tiers, place = rules.tiers, rules.place(standing.level)
    level = None if place is None or place < 0 else tiers.levels[place]
    above = None if place is None or place + 1 == len(tiers.levels) else tiers.levels[place + 1]
    today = rules.day(now)
    last = today if standing.until is None else max(today, rules.day(standing.until) - timedelta(1))

    def figures(one: Level, day: date) -> tuple[FigureView, ...]:
        return _figures(found, tiers, one, day, enrolled_on)

    return TierView(
        tier_set=tiers.name,
        level=standing.level,
        title=None if level is None else level.title,
        since=None if standing.level is None else standing.since,
        until=standing.until,
        given=standing.given,
        in_grace=standing.until is not None and standing.until <= now,
        about_to_drop=about_to_drop,
        drives_tier=tiers.drives_tier,
        benefits=() if level is None else tuple(_benefits(found, tiers, level)),
        rewards=() if level is None or not tiers.drives_tier else level.rewards,
        next=None if above is None else NextLevel(level=above.name, title=above.title, progress=figures(above, today)),
        tier_points=tier_points(tiers, found.days, today, enrolled_on),
        kept_by=() if level is None else figures(level, last),
    )


def _benefits(found: MemberTiers, tiers: TierSet, level: Level) -> Iterator[str]:
    yield from (benefit.words or benefit.name for benefit in level.benefits)
    yield from benefit_words(tiers, level, found.sets, found.wallets, DEFAULT)


def _figures(found: MemberTiers, tiers: TierSet, level: Level, day: date, enrolled_on: date) -> tuple[FigureView, ...]:
    counted = progress(tiers, level, found.days, day, enrolled_on)
    return tuple([FigureView(what=one.what, done=one.done, least=one.least) for one in counted])


def change_views(changes: Sequence[KeptChange]) -> TierChanges:
    """Show changes as they were kept."""
    told = [each._asdict() | {"words": _WORDS.get(each.reason, each.reason)} for each in changes]
    return TierChanges(data=tuple([TierChangeView.model_validate(each) for each in told]))
