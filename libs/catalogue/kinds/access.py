"""Exclusive access: a place at an event, an early sale, reserved content; by a code, on a day or at once."""

from __future__ import annotations

from datetime import date
from typing import Literal

from libs.catalogue.flow import Flow
from libs.catalogue.kinds.base import AT_ONCE, DATED, Issued, Issuing, RewardKind, Words
from libs.promotions.parts import Day, Part


class Access(Part):
    """What opens, and on which day; without a day at once."""

    kind: Literal["access"]
    to: Words
    form: Literal["event", "early_sale", "content"]
    on: Day | None = None


def _flow(data: Access) -> Flow:
    return AT_ONCE if data.on is None else DATED


def _begins(data: Access, asked: object) -> date | None:
    return data.on


def _issue(data: Access, issuing: Issuing) -> Issued | None:
    return Issued("code", f"VIP-{issuing.letters}", data.on)


KIND = RewardKind("access", Access, _flow, issue=_issue, begins=_begins)
