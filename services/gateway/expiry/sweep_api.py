"""The operations on sweeps: boundaries that come, how far each is, and letting one rest, go on or end."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.sweeps.reading import SweepSeen, ask, load_sweeps
from services.gateway.door.access import Caller, PointsReader, RulesPublisher
from services.gateway.door.cursors import Place
from services.gateway.door.openapi import refusals
from services.gateway.door.paging import link_next, read_place
from services.gateway.door.parameters import CursorText, Limit
from services.gateway.door.problems import ProblemError
from services.gateway.expiry.sweep_store import SweepStore
from services.gateway.expiry.sweep_views import SweepsPage, SweepView, sweep_view
from services.gateway.rules.desk import who

router = APIRouter(prefix="/v1")
SweepId = Annotated[UUID, Path(description="The sweep's id.", examples=["5b0f3f5e-3d57-5c39-9a4e-2f6b7c8d9e01"])]
Action = Annotated[
    Literal["run", "pause", "resume", "cancel", "approve", "refuse"],
    Path(
        description="Start it now, let it rest, let it go on, or call it off; agree to one that waits, or refuse it.",
        examples=["pause"],
    ),
]


@router.get(
    "/sweeps",
    operation_id="listSweeps",
    summary="Boundaries at which points lapse, and their sweeps",
    tags=["ledger"],
    responses=refusals("cursor-invalid", "request-invalid"),
)
async def list_sweeps(
    request: Request, response: Response, caller: PointsReader, limit: Limit = 50, cursor: CursorText = None
) -> SweepsPage:
    """List sweeps from their announcement on, the newest boundary first."""
    listing = f"sweeps {caller.tenant_id}"
    place = read_place(caller.parts.cursors, cursor, listing)
    before = None if place is None or place.recorded_at is None else (place.recorded_at, place.text or "")
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_sweeps(reading.connection, caller.tenant_id, before=before, most=limit + 1)
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        last = Place(0, recorded_at=found[-1].boundary, text=found[-1].programme)
        following = caller.parts.cursors.write(last, listing)
    link_next(request, response, following)
    return SweepsPage(data=tuple(map(sweep_view, found)), next_cursor=following, has_more=more)


@router.get(
    "/sweeps/{sweep_id}",
    operation_id="getSweep",
    summary="How far a sweep is",
    tags=["ledger"],
    responses=refusals("request-invalid", "sweep-unknown"),
)
async def get_sweep(caller: PointsReader, sweep_id: SweepId) -> SweepView:
    """Tell what a sweep was announced with, what it has written down, and, when it is over, all that lapsed."""
    return sweep_view(await one_sweep(caller, sweep_id))


@router.post(
    "/sweeps/{sweep_id}/{action}",
    operation_id="steerSweep",
    summary="Start a sweep, let it rest or go on, or call it off",
    tags=["ledger"],
    status_code=202,
    responses=refusals("request-invalid", "second-person-needed", "sweep-otherwise", "sweep-unknown"),
)
async def steer_sweep(request: Request, caller: RulesPublisher, sweep_id: SweepId, action: Action) -> SweepView:
    """Ask something of a sweep, which is done within a second or two. Asked again it changes nothing more.

    No balance depends on it: what has passed its date has lapsed, whether it is written down yet or not.
    """
    await steer(request, caller, sweep_id, action)
    return sweep_view(await one_sweep(caller, sweep_id))


async def steer(request: Request, caller: Caller, sweep_id: UUID, action: str) -> None:
    """Ask something of a sweep.

    Raises:
        ProblemError: it is unknown, stands otherwise, or somebody else has to agree.
    """
    store: SweepStore = request.app.state.sweeps
    async with store.writing(caller.tenant_id) as connection:
        now = caller.parts.clock.now()
        sensible = await ask(connection, caller.tenant_id, sweep_id, action, now, who(caller))
    if sensible:
        return
    seen = await one_sweep(caller, sweep_id)
    if action == "approve" and seen.state == "awaiting_approval":
        raise ProblemError("second-person-needed")
    raise ProblemError("sweep-otherwise", f"It is {seen.state}.")


async def one_sweep(caller: Caller, sweep_id: UUID) -> SweepSeen:
    """Return a sweep of the caller's company.

    Raises:
        ProblemError: there is none of this id.
    """
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        found = await load_sweeps(reading.connection, caller.tenant_id, sweep_id=sweep_id)
    if not found:
        raise ProblemError("sweep-unknown")
    return found[0]
