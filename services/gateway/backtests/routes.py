"""The operations on backtests: ask, look how far it is, read what came of it, cancel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from services.gateway.backtests.bodies import Asking
from services.gateway.backtests.desk import BacktestDesk, desk_of_backtests
from services.gateway.backtests.report_policy import REPORT_POLICY
from services.gateway.backtests.store import PartName
from services.gateway.backtests.views import AskedBacktest, BacktestPage, BacktestView
from services.gateway.door.access import PointsReader, RulesPublisher, RulesReader
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import body_of, read_body

router = APIRouter(prefix="/v1")
BacktestId = Annotated[UUID, Path(description="The backtest's id.", examples=["0192f0c4-3b00-7a5e-8c11-2f6f1d9c7a11"])]


def _text(kind: str, words: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": words, "content": {kind: {"schema": {"type": "string"}}}}}


@router.post(
    "/backtests",
    operation_id="postBacktest",
    summary="What other rules would have given",
    tags=["rules"],
    status_code=202,
    response_model=AskedBacktest,
    responses=refusals(
        "programme-unknown",
        "programme-needed",
        "version-unknown",
        "document-invalid",
        "request-invalid",
        "body-not-json",
        "body-too-slow",
        "body-too-large",
        "media-type-unsupported",
        "backtests-waiting",
        "backtests-unavailable",
    ),
    openapi_extra=body_of(Asking),
)
async def post_backtest(
    request: Request, response: Response, caller: RulesPublisher, programme: ProgrammeSlug = None
) -> AskedBacktest:
    """Judge stored receipts and activities again, under the rules of their time and under others. Nothing is changed.

    It is carried out beside everything else, one of your company at a time; `Location` tells how far it is. The same
    question that is not done yet is known again, so that it needs no Idempotency-Key.
    """
    asking = await read_body(request, Asking)
    kept, known = await desk_of_backtests(request).ask(caller, programme, asking)
    response.headers["Location"] = f"/v1/backtests/{kept.backtest_id}"
    return AskedBacktest.as_it_was(kept, "known" if known else "accepted")


@router.get(
    "/backtests",
    operation_id="listBacktests",
    summary="Backtests that were asked for",
    tags=["rules"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_backtests(
    request: Request, response: Response, caller: RulesReader, limit: Limit = 50, cursor: CursorText = None
) -> BacktestPage:
    """List the backtests of your company, newest first."""
    listing = f"backtests {caller.tenant_id}"
    place = read_place(caller.parts.cursors, cursor, listing)
    async with desk_of_backtests(request).store.session(caller.tenant_id) as session:
        found = await session.backtests(place.receipt if place else None, limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = caller.parts.cursors.write(Place(0, receipt=found[-1].backtest_id), listing) if more else None
    link_next(request, response, following)
    return BacktestPage(data=tuple(map(BacktestView.of, found)), next_cursor=following, has_more=more)


@router.get(
    "/backtests/{backtest_id}",
    operation_id="getBacktest",
    summary="How far a backtest is, and what came of it",
    tags=["rules"],
    responses=refusals("backtest-unknown", "request-invalid"),
)
async def get_backtest(request: Request, caller: RulesReader, backtest_id: BacktestId) -> BacktestView:
    """Tell the state of a backtest, and its summary once it is done."""
    async with desk_of_backtests(request).store.session(caller.tenant_id) as session:
        kept = await session.backtest(backtest_id)
    if kept is None:
        raise ProblemError("backtest-unknown")
    return BacktestView.of(kept)


@router.delete(
    "/backtests/{backtest_id}",
    operation_id="cancelBacktest",
    summary="Cancel a backtest",
    tags=["rules"],
    responses=refusals("backtest-unknown", "backtest-ended", "request-invalid"),
)
async def cancel_backtest(request: Request, caller: RulesPublisher, backtest_id: BacktestId) -> BacktestView:
    """Stop a backtest; cancelled twice is cancelled."""
    return BacktestView.of(await desk_of_backtests(request).cancel(caller.tenant_id, backtest_id))


@router.get(
    "/backtests/{backtest_id}/members.csv",
    operation_id="downloadBacktestMembers",
    summary="The table of members as CSV",
    tags=["rules"],
    response_class=StreamingResponse,
    responses=_text("text/csv", "A row a member.")
    | refusals("backtest-unknown", "backtest-not-done", "request-invalid"),
)
async def download_members(request: Request, caller: PointsReader, backtest_id: BacktestId) -> StreamingResponse:
    """Download, for each member, points under A and B, tiers, worth, and the first event by which they part."""
    pieces = await pieces_of(desk_of_backtests(request), caller.tenant_id, backtest_id, "members.csv")
    headers = {"Content-Disposition": f'attachment; filename="{backtest_id}.members.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/backtests/{backtest_id}/report",
    operation_id="getBacktestReport",
    summary="The page with pictures",
    tags=["rules"],
    response_class=StreamingResponse,
    responses=_text("text/html", "The page.") | refusals("backtest-unknown", "backtest-not-done", "request-invalid"),
)
async def get_report(request: Request, caller: RulesReader, backtest_id: BacktestId) -> StreamingResponse:
    """Show what came of it on one page, which loads nothing."""
    pieces = await pieces_of(desk_of_backtests(request), caller.tenant_id, backtest_id, "report.html")
    request.state.headers.update(REPORT_POLICY)
    return StreamingResponse(pieces, media_type="text/html; charset=utf-8")


async def pieces_of(desk: BacktestDesk, tenant_id: int, backtest_id: UUID, name: PartName) -> AsyncIterator[bytes]:
    """What a backtest has left, piece by piece.

    Raises:
        ProblemError: there is no such backtest, or it is not done.
    """
    async with desk.store.session(tenant_id) as session:
        kept = await session.backtest(backtest_id)
        if kept is None:
            raise ProblemError("backtest-unknown")
        if kept.state != "done":
            raise ProblemError("backtest-not-done")
        first = await session.part(backtest_id, name, 0)
    return _pieces(desk, tenant_id, backtest_id, name, first)


async def _pieces(
    desk: BacktestDesk, tenant_id: int, backtest_id: UUID, name: PartName, piece: bytes | None
) -> AsyncIterator[bytes]:
    number = 0
    while piece is not None:
        yield piece
        number += 1
        async with desk.store.session(tenant_id) as session:
            piece = await session.part(backtest_id, name, number)
