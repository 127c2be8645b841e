"""Training and development: a course on days of its own, or one that begins whenever the member does."""

from __future__ import annotations

from datetime import date
from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, DATED, Issued, Issuing, Link, RewardKind, ValidDays, Words
from libs.promotions.parts import Day, Part


class Training(Part):
    """A course: where it is found, on which day it begins; without a day it is open at once, for so many days."""

    kind: Literal["training"]
    course: Words
    link: Link
    starts_on: Day | None = None
    valid_days: ValidDays | None = None


def _flow(data: Training) -> Flow:
    return AT_ONCE if data.starts_on is None else DATED


def _begins(data: Training, asked: object) -> date | None:
    return data.starts_on


def _issue(data: Training, issuing: Issuing) -> Issued | None:
    return Issued("link", f"{data.link}#{issuing.letters}", issuing.until(data.valid_days))


KIND = RewardKind("training", Training, _flow, issue=_issue, begins=_begins)
