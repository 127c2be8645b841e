"""The operations on one boundary: what became of it, and what it does to one member."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path

from libs.ledger.zones import load_zone
from libs.sweeps.fates import day_of, load_fates
from libs.sweeps.outlook import worth_of
from libs.sweeps.report import boundary_report, driving_tiers
from services.gateway.door.access import MembersReader, PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.boundary_views import (
    BoundaryReportView,
    MemberBoundaryView,
    member_boundary_view,
    report_view,
)
from services.gateway.expiry.forecast_api import in_force, meant
from services.gateway.expiry.sweep_api import SweepId, one_sweep
from services.gateway.members.lookup import one_member

router = APIRouter(prefix="/v1")
_EARLIEST, _LATEST = date(1970, 1, 2), date(9990, 1, 1)
LastDay = Annotated[
    date,
    Path(description="The last day on which the points are good, in the programme's zone.", examples=["2024-03-31"]),
]


@router.get(
    "/sweeps/{sweep_id}/report",
    operation_id="getSweepReport",
    summary="What became of a boundary, from the ledger alone",
    tags=["ledger"],
    responses=refusals("request-invalid", "sweep-unknown"),
)
async def get_sweep_report(caller: PointsReader, sweep_id: SweepId) -> BoundaryReportView:
    """Tell what lapsed and was spared, by tier, campaign, partner and store, and what was given back since.

    Whoever wrote it down, and whenever it is asked: what lapsed and was spared is told the same for ever.
    """
    sweep = await one_sweep(caller, sweep_id)
    running = await meant(caller, sweep.programme)
    source = in_force(running, sweep.boundary).compiled.source
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        report = await boundary_report(reading.connection, running.key, sweep.boundary, driving_tiers(source))
    about = {
        "sweep_id": sweep.sweep_id,
        "programme": sweep.programme,
        "last_day": sweep.local_date,
        "zone": sweep.zone,
        "currency": source.currency,
        "as_of": caller.parts.clock.now(),
    }
    return report_view(about, report, worth_of(source))


@router.get(
    "/members/{member_id}/boundaries/{last_day}",
    operation_id="getMemberBoundary",
    summary="What a boundary does to a member, from which purchases, and why",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def get_member_boundary(
    caller: MembersReader, member_id: MemberId, last_day: LastDay, programme: ProgrammeSlug = None
) -> MemberBoundaryView:
    """Tell which points lapsed with a day, or will, each with the receipt that brought it and the policy of its lot.

    It is the same whether a sweep has written it down yet or not.
    """
    if not _EARLIEST <= last_day <= _LATEST:
        raise ProblemError(
            "request-invalid", errors=[FieldError(pointer="/path/last_day", detail="a day from 1970 to 9989")]
        )
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        span = day_of(last_day, load_zone(member.zone))
        scope = (caller.tenant_id, member.programme_id)
        fates = await load_fates(reading.connection, scope, member_id, span, now)
    running = await meant(caller, member.programme)
    worth = worth_of(in_force(running, span[1]).compiled.source)
    return member_boundary_view(member, last_day, span[1], now, fates, worth)
