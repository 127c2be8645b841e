"""The operations that try scenarios on what happened."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.promotions.document import ProgrammeInvalid, parse_programme
from services.gateway.door.access import RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.rules.bodies import body_of, document_problem, read_body
from services.gateway.scenarios.desk import desk_of_simulations
from services.gateway.scenarios.simulation_views import (
    SimulatedView,
    Simulating,
    SimulationsView,
    SimulationView,
    simulated_view,
    simulation_view,
)

router = APIRouter(prefix="/v1", tags=["messages"])
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
SimulationId = Annotated[UUID, Path(description="The trial's id.", examples=["0191f3a2-7c1e-7b1a-9c3f-52f0a1d6e8b7"])]


@router.post(
    "/scenarios:simulate",
    operation_id="simulateScenarios",
    summary="Try scenarios on what happened",
    status_code=202,
    response_model=SimulationView,
    responses=refusals(*_BODY, "programme-needed", "document-invalid", "scenario-unknown", "simulations-waiting"),
    openapi_extra=body_of(Simulating),
)
async def simulate_scenarios(
    request: Request, response: Response, caller: RulesReader, programme: ProgrammeSlug = None
) -> SimulationView:
    """Ask what scenarios would have done on the last days, had they been in force; nothing is sent.

    Goals are asked of the past as it was; segments, tiers, addresses and consents are those of now, and quiet hours and
    caps are left out. It is carried out beside the messages; `GET /v1/scenario-simulations/{id}` tells what came of it.
    """
    body = await read_body(request, Simulating)
    document = None
    if body.document is not None:
        try:
            document = await asyncio.to_thread(parse_programme, body.document)
        except ProgrammeInvalid as invalid:
            raise document_problem(invalid, "document") from None
    found = await desk_of_simulations(request).ask(caller, programme, body.days, body.scenario, document)
    response.headers["Location"] = f"/v1/scenario-simulations/{found.simulation_id}"
    return simulation_view(found)


@router.get(
    "/scenario-simulations",
    operation_id="listSimulations",
    summary="Trials of scenarios",
    responses=refusals("request-invalid"),
)
async def list_simulations(request: Request, caller: RulesReader) -> SimulationsView:
    """List the newest trials of the last 30 days, of every programme."""
    found = await desk_of_simulations(request).newest(caller.tenant_id)
    return SimulationsView(data=tuple(map(simulation_view, found)))


@router.get(
    "/scenario-simulations/{simulation_id}",
    operation_id="getSimulation",
    summary="What scenarios would have done",
    responses=refusals("simulation-unknown", "request-invalid"),
)
async def get_simulation(
    request: Request, caller: RulesReader, language: Language, simulation_id: SimulationId
) -> SimulatedView:
    """Tell how a trial stands, and once it is done how each scenario would have gone, counted like one in force."""
    return simulated_view(await desk_of_simulations(request).one(caller.tenant_id, simulation_id), language)
