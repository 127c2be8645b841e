"""The operation on rankings: members, rewards, products, categories and stores, by period and store."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from libs.catalogue.limits import period_name
from libs.games.ranking import By, Of, Period, Place, Question, Scale, shared
from services.gateway.door.access import PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.games.rankings import first_places, own_place, stretch
from services.gateway.members.lookup import one_member
from services.gateway.running import named
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1", tags=["games"])


class PlaceView(View):
    """A place in a ranking."""

    rank: int = Field(description="The place; who have the same score share it.")
    key: str = Field(description="The member's id, the reward, the article, the category or the store.")
    score: int = Field(description="How much: points, visits, minor units of the programme's currency, or pieces.")
    share: str = Field(description="It in words, for a member to share.")


class RankingView(View):
    """Who or what comes first in a period."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "of": "members",
                "by": "visits",
                "period": "2024-06",
                "store": None,
                "total": 240,
                "data": [
                    {
                        "rank": 1,
                        "key": EXAMPLE_MEMBER,
                        "score": 17,
                        "share": "I am number 1 of 240 in visits!",
                    }
                ],
                "own": None,
            }
        }
    )

    programme: str = Field(description="The programme.")
    of: Of = Field(description="What is ranked.")
    by: Scale = Field(description="By what.")
    period: str = Field(description="When: a day, week, month, quarter or year of the programme's zone.")
    store: str | None = Field(description="In which store; null for everywhere.")
    total: int = Field(description="How many there are in it.")
    data: tuple[PlaceView, ...] = Field(description="The first places.")
    own: PlaceView | None = Field(description="The place of the member who was asked for; null where there is none.")


@router.get(
    "/rankings",
    operation_id="getRanking",
    summary="Who or what comes first",
    responses=refusals("programme-needed", "programme-unknown", "member-unknown", "request-invalid"),
)
async def get_ranking(
    caller: PointsReader,
    language: Language,
    of: Annotated[Of, Query(description="What is ranked.")] = "members",
    by: Annotated[By, Query(description="Of members: by what; in a store it is what was spent there.")] = "points",
    period: Annotated[Period, Query(description="How long.")] = "month",
    ago: Annotated[int, Query(ge=0, le=60, description="So many periods before the one that goes on.")] = 0,
    store: Annotated[str | None, Query(max_length=64, description="In this store, for members and rewards.")] = None,
    member_id: Annotated[UUID | None, Query(description="Also the place of this member.")] = None,
    top: Annotated[int, Query(ge=1, le=100, description="So many places.")] = 10,
    programme: ProgrammeSlug = None,
) -> RankingView:
    """Rank members by points, visits or spend, or rewards, products, categories and stores, in a period.

    Members and what they bought are ranked where the programme keeps their history, products and stores where it asks
    for their shares; what does not count is not there.
    """
    found = named(await caller.parts.programmes.of(caller.tenant_id), programme)
    now = caller.parts.clock.now()
    if len(found) != 1 or (version := found[0].at(now)) is None:
        raise ProblemError("programme-needed" if len(found) > 1 else "programme-unknown")
    asked = Question(of=of, by=by, period=period, ago=ago, store=store or None)
    days = stretch(asked, now.astimezone(version.zone).date())
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        own = None
        if of == "members" and member_id is not None:
            await one_member(reading, member_id, found[0].programme)
            own = await own_place(reading, found[0].key[1], asked, days, member_id)
        places, total = await first_places(reading, found[0].key[1], asked, days, version.zone, top)
    people = total if of == "members" else None
    return RankingView(
        programme=found[0].programme,
        of=of,
        by=asked.scored,
        period=period_name(period, days[0]),
        store=asked.where,
        total=total,
        data=tuple(_view(each, people, asked, language) for each in places),
        own=None if own is None else _view(own, people, asked, language),
    )


def _view(place: Place, of: int | None, asked: Question, language: str) -> PlaceView:
    return PlaceView(**place._asdict(), share=shared(place, of, asked.scored, asked.where, language))
