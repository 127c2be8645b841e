"""The operation on rankings: members, rewards, products, categories and stores, by period and store."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from libs.catalogue.limits import first_day, period_name
from libs.games.ranking import Place, Scored, placed, shared
from libs.runtime import sql
from services.gateway.door.access import PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.members.lookup import one_member
from services.gateway.running import named
from services.gateway.store import Reading
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1", tags=["games"])
_QUERIES = sql.load("services.gateway", "rankings.sql")
Of = Literal["members", "rewards", "products", "categories", "stores"]
By = Literal["points", "visits", "spend"]
Period = Literal["day", "week", "month", "quarter", "year"]
_PARTS = {"products": "product:", "categories": "category:", "stores": "store:"}


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
    by: Literal["points", "visits", "spend", "pieces"] = Field(description="By what.")
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
    days = stretch(period, now.astimezone(version.zone).date(), ago)
    what = "pieces" if of == "rewards" else by if of == "members" and store is None else "spend"
    where = store if of in ("members", "rewards") else None
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        own = None
        if of == "members" and member_id is not None:
            await one_member(reading, member_id, found[0].programme)
            own = await _own(reading, found[0].key[1], days, what, where, member_id)
        rows = await _rows(reading, of, found[0].key[1], days, version.zone, what, where, top)
    total = rows[0]["of"] if rows else 0
    places = placed(Scored(row["key"], row["score"]) for row in rows)
    people = total if of == "members" else None
    shown = [_view(each, people, what, where, language) for each in places]
    return RankingView(
        programme=found[0].programme,
        of=of,
        by=what,
        period=period_name(period, days[0]),
        store=where,
        total=total,
        data=tuple(shown),
        own=None if own is None else _view(own, people, what, where, language),
    )


def stretch(period: Period, today: date, ago: int) -> tuple[date, date]:
    """The first day of a period, so many before the one of today, and the first day after it."""
    begins = first_day(period, today)
    for _ in range(ago):
        begins = first_day(period, begins - timedelta(days=1))
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    ends = begins + timedelta(days=1)
    while period_name(period, ends) == period_name(period, begins) and (ends - begins).days < longest:
        ends += timedelta(days=1)
    return begins, ends


async def _rows(
    reading: Reading, of: Of, programme_id: int, days: tuple[date, date], zone: ZoneInfo, by: str, store: str | None,
    top: int,
) -> list[Any]:  # fmt: skip
    if of == "members":
        return await reading.fetch(_QUERIES["members"], programme_id, *days, by, store, None, top)
    if of == "rewards":
        between = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
        return await reading.fetch(_QUERIES["rewards"], programme_id, *between, store, top)
    return await reading.fetch(_QUERIES["parts"], programme_id, *days, _PARTS[of], top)


async def _own(
    reading: Reading, programme_id: int, days: tuple[date, date], by: str, store: str | None, member_id: UUID
) -> Place | None:
    mine = await reading.fetch(_QUERIES["members"], programme_id, *days, by, store, member_id, 1)
    if not mine:
        return None
    (above,) = await reading.fetch(_QUERIES["above"], programme_id, *days, by, store, mine[0]["score"])
    return Place(above["above"] + 1, mine[0]["key"], mine[0]["score"])


def _view(place: Place, of: int | None, by: str, store: str | None, language: str) -> PlaceView:
    return PlaceView(**place._asdict(), share=shared(place, of, by, store, language))
