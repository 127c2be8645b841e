"""Status and recognition: a level, a badge, a mention; it counts at once and is not given back."""

from __future__ import annotations

from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import GIVEN, Issued, Issuing, RewardKind, ValidDays, Words
from libs.promotions.parts import Part


class Status(Part):
    """What the member may call themselves, or is shown with; for so many days, or for ever."""

    kind: Literal["status"]
    form: Literal["level", "badge", "acknowledgement"]
    title: Words
    valid_days: ValidDays | None = None


def _flow(data: Status) -> Flow:
    return GIVEN


def _issue(data: Status, issuing: Issuing) -> Issued | None:
    return Issued("status", data.title, issuing.until(data.valid_days))


KIND = RewardKind("status", Status, _flow, issue=_issue)
