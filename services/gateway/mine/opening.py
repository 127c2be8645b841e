"""Ways to a member's own page: the link for the member, and a look at it by somebody of the company, which is kept."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.runtime import sql
from services.gateway.door.access import MembersReader, PointsSpender, parts_of
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.members.lookup import one_member
from services.gateway.mine.links import LIVES, LOOKS, OwnPage, PageLinks
from services.gateway.mine.pages import PLACE
from services.gateway.tenant_store import tenant_transaction
from services.gateway.views import View

router = APIRouter()
_SQL = sql.load("services.gateway", "mine.sql")
_OF_MEMBER = ("member-unknown", "programme-needed", "request-invalid")
_OPENED: JsonDict = {
    "opened_at": "2024-03-01T18:21:09Z",
    "until": "2024-03-01T18:31:09Z",
    "opened_by": "Call centre (k1f3a9c2)",
}


class OwnPageView(View):
    """A link to the member's own page."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"path": "/m/AQAAAAIAAAAB", "expires_at": "2024-03-01T18:31:09Z"}}
    )

    path: str = Field(description="The path below this address; it opens the page, and may spend the member's points.")
    expires_at: datetime = Field(description="Until when it does.")


class OpenedPageView(View):
    """A look at a member's own page by somebody of the company."""

    model_config = ConfigDict(json_schema_extra={"example": _OPENED})

    opened_at: datetime = Field(description="When.")
    until: datetime = Field(description="Until when they could look.")
    opened_by: str = Field(description="Who: the key by its name and its id.")


class OpenedPagesView(View):
    """Looks at a member's own page, up to 100, the last first."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_OPENED]}})

    data: tuple[OpenedPageView, ...]


class Openings(NamedTuple):
    """Who looked at members' own pages, in PostgreSQL."""

    pool: asyncpg.Pool

    async def keep(self, page: OwnPage, by: str, now: datetime) -> None:
        """Note that somebody looks at a page."""
        async with tenant_transaction(self.pool, page.tenant_id) as connection:
            await connection.execute(_SQL["keep_opening"], *page[:3], now, page.until, by)

    async def of_member(self, name: tuple[int, int, UUID]) -> list[OpenedPageView]:
        """Return who looked at a member's page, up to 100 looks, the last first."""
        async with tenant_transaction(self.pool, name[0], reading=True) as connection:
            return [OpenedPageView(**row) for row in await connection.fetch(_SQL["openings"], *name)]


@router.post(
    "/v1/members/{member_id}/pages",
    operation_id="openMemberPage",
    summary="Open the member's own page",
    tags=["rewards"],
    status_code=201,
    responses=refusals(*_OF_MEMBER),
)
async def open_page(
    request: Request, caller: PointsSpender, member_id: MemberId, programme: ProgrammeSlug = None
) -> OwnPageView:
    """Make a link for an app, a call centre or a mail, by which a member looks at rewards and redeems, on a phone too.

    Whoever has the link may spend the member's points for an hour: give it to nobody else.
    """
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    until = caller.parts.clock.now() + LIVES
    path = path_of(request, OwnPage(caller.tenant_id, member.programme_id, member.member_id, until))
    return OwnPageView(path=path, expires_at=until.replace(microsecond=0))


@router.get(
    "/v1/members/{member_id}/pages",
    operation_id="listMemberPageLooks",
    summary="Who looked at the member's own page",
    tags=["members"],
    responses=refusals(*_OF_MEMBER),
)
async def list_looks(
    request: Request, caller: MembersReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> OpenedPagesView:
    """Tell who of the company opened the member's own page from the console. They could look at it, and do nothing."""
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
    found = await looks_at(request, (caller.tenant_id, member.programme_id, member.member_id))
    return OpenedPagesView(data=tuple(found))


async def look(request: Request, name: tuple[int, int, UUID], by: str) -> str:
    """Return the path by which somebody of the company looks at a member's page for a while, and keep that they do."""
    now = parts_of(request).clock.now()
    page = OwnPage(*name, now + LOOKS, looks=True)
    await _openings(request).keep(page, by, now)
    return path_of(request, page)


async def looks_at(request: Request, name: tuple[int, int, UUID]) -> list[OpenedPageView]:
    """Return who looked at a member's page, up to 100 looks, the last first."""
    return await _openings(request).of_member(name)


def path_of(request: Request, page: OwnPage) -> str:
    """The path that opens a page."""
    links: PageLinks = request.app.state.page_links
    return f"{PLACE}/{links.token(page)}"


def _openings(request: Request) -> Openings:
    openings: Openings = request.app.state.openings
    return openings
