"""Experiences: a spa day, a show, a dinner; booked for a day that the member chooses or that is given."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import DATED, Asked, Issued, Issuing, RewardKind, Words
from libs.promotions.parts import Day, Part


class Experience(Part):
    """What takes place, where, and on which days; without days on any day."""

    kind: Literal["experience"]
    place: Words
    provider: Words
    days: Annotated[tuple[Day, ...], Field(max_length=400)] = ()


class ExperienceAsked(Asked):
    """On which day; of a single one nothing has to be said."""

    on: Day | None = None


def _flow(data: Experience) -> Flow:
    return DATED


def _begins(data: Experience, asked: ExperienceAsked) -> date | None:
    return asked.on or (data.days[0] if len(data.days) == 1 else None)


def _answers(data: Experience, asked: ExperienceAsked) -> str | None:
    day = _begins(data, asked)
    return "answer-needed" if day is None or (data.days and day not in data.days) else None


def _issue(data: Experience, issuing: Issuing) -> Issued | None:
    return Issued("code", f"TK-{issuing.letters}")


KIND = RewardKind("experience", Experience, _flow, ExperienceAsked, issue=_issue, begins=_begins, answers=_answers)
