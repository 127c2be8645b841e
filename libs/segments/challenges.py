"""How far a member is with what a challenge asks for: two of three visits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from libs.language import wording
from libs.promotions.campaigns import Campaign
from libs.promotions.challenges import segment_of, steps_of
from libs.promotions.effect_words import Teller
from libs.promotions.segments import Counted
from libs.promotions.streaks import InARow
from libs.segments.explain import criterion_words
from libs.segments.finding import Look
from libs.segments.texts import SEGMENTS


@dataclass(frozen=True, slots=True)
class Here:
    """How far the period of today is that is to go on with a streak, and with which day it ends."""

    done: int
    needed: int
    last_day: date
    told: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done: how much of it there is, never more than is needed, and how much it takes.

    Amounts are in minor units of the programme's currency, points in those of their wallet. `told` says it in words. Of
    a streak it counts periods, and `here` is how far the one of today is.
    """

    words: str
    done: int
    needed: int
    told: str
    here: Here | None = None

    @property
    def met(self) -> bool:
        """Whether it is done."""
        return self.done >= self.needed


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge and how far a member is with each of its steps, as of a look."""

    campaign: Campaign
    segment: str
    steps: tuple[Step, ...]


def challenges(campaigns: Iterable[Campaign], look: Look, teller: Teller) -> list[Challenge]:
    """Tell how far a member is with each challenge among campaigns, in the teller's language."""
    found = []
    for campaign in campaigns:
        segment = segment_of(campaign, look.rules.segments) if campaign.challenge else None
        if segment is not None:
            steps = tuple([_step(one, look, teller) for one in steps_of(segment)])
            found.append(Challenge(campaign, segment.name, steps))
    return found


def _step(one: Counted, look: Look, teller: Teller) -> Step:
    if one.in_a_row is not None:
        return _streak(one, one.in_a_row, look, teller)
    there, needed = look.find(one).there, one.min or 0
    done = min(max(there, 0), needed) if isinstance(there, int) else 0
    told = SEGMENTS.say(teller.language, "step", done=_written(one, done, teller), needed=_written(one, needed, teller))
    return Step(criterion_words(one, teller), done, needed, told)


def _streak(one: Counted, asked: InARow, look: Look, teller: Teller) -> Step:
    found, language = look.streak(one), teller.language
    needed, done = one.min or 0, min(max(found.here, 0), one.min or 0)
    step = SEGMENTS.say(language, "step", done=_written(one, done, teller), needed=_written(one, needed, teller))
    day = wording.day(found.last_day, language)
    here = Here(done, needed, found.last_day, SEGMENTS.say(language, f"step.here.{asked.of}", step=step, day=day))
    count = {"done": wording.number(found.run, language), "needed": wording.number(asked.periods, language)}
    told = SEGMENTS.say(language, "step.in_a_row", **count)
    return Step(criterion_words(one, teller), found.run, asked.periods, told, here)


def _written(one: Counted, count: int, teller: Teller) -> str:
    return teller.money(count) if one.what == "spend_minor" else wording.number(count, teller.language)
