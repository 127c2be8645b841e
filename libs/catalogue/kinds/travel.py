"""Travel: a stay or a flight, booked by the partner after approval; the closer the day, the less comes back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from libs.catalogue.flow import Cancelling, Flow, Late, flow
from libs.catalogue.kinds.base import Asked, RewardKind, Words
from libs.promotions.parts import Day, Part


class Travel(Part):
    """Where to, with whom, for how many nights (0: a flight)."""

    kind: Literal["travel"]
    to: Words
    partner: Words
    nights: Annotated[int, Field(strict=True, ge=0, le=60)] = 0


class TravelAsked(Asked):
    """The day on which it begins, and who travels, as in the passport."""

    on: Day
    travellers: Annotated[tuple[str, ...], Field(min_length=1, max_length=9)]


_BOOKED = flow(
    "ordered",
    "booked",
    "attended",
    back={"ordered": ("failed",), "booked": ("failed",)},
    cancelling=Cancelling(frozenset({"ordered", "booked"}), late=(Late(3, 0), Late(14, 50), Late(30, 80))),
)


def _flow(data: Travel) -> Flow:
    return _BOOKED


def _begins(data: Travel, asked: TravelAsked) -> date | None:
    return asked.on


KIND = RewardKind("travel", Travel, _flow, TravelAsked, frozenset({"travellers"}), begins=_begins)
