"""What is sent and answered about scenarios that are tried on what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.scenarios.simulations import Simulation
from services.gateway.rules.bodies import Body, Document
from services.gateway.scenarios.api import ScenariosView, ScenarioView
from services.gateway.views import View

_ASKED: JsonDict = {
    "simulation_id": "0191f3a2-7c1e-7b1a-9c3f-52f0a1d6e8b7",
    "programme": "main",
    "days": 30,
    "state": "done",
    "asked_by": "marketing (k_7Q2M)",
    "asked_at": "2024-04-01T14:00:00Z",
    "ended_at": "2024-04-01T14:00:09Z",
}


class Simulating(Body):
    """On which days scenarios are to be tried, and which."""

    model_config = ConfigDict(json_schema_extra={"example": {"days": 30, "scenario": "last_chance"}})

    days: Annotated[int, Field(strict=True, ge=1, le=366)] = Field(default=30, description="So many days back.")
    scenario: str | None = Field(default=None, max_length=64, description="Only this one; without it all.")
    document: Document | None = Field(
        default=None,
        description="A document with the scenarios, such as one that is not published; else that in force.",
    )


class WayView(View):
    """By which way a step would have been done how often."""

    step: str
    by: str = Field(description="The channel of a message, or what else is done.")
    times: int


class TriedScenarioView(ScenarioView):
    """A scenario as it would have gone: `sent` counts who would have been told, goals are those that were reached."""

    members: int = Field(description="For how many members it would have begun.")
    by: tuple[WayView, ...] = Field(description="How often each step would have been done, by its way.")


class SimulationView(View):
    """A trial, and how it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _ASKED})

    simulation_id: UUID
    programme: str
    days: int
    state: Literal["waiting", "running", "done", "failed"]
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


def _tried() -> JsonDict:
    shown: Any = ScenariosView.model_config["json_schema_extra"]
    scenario: JsonDict = {
        **shown["example"]["data"][0],
        "members": 940,
        "by": [{"step": "now", "by": "email", "times": 812}],
    }
    return {**_ASKED, "scenarios": [scenario]}


class SimulatedView(SimulationView):
    """A trial with what came of it."""

    model_config = ConfigDict(json_schema_extra={"example": _tried()})

    scenarios: tuple[TriedScenarioView, ...] | None = Field(description="Null until it is done.")


class SimulationsView(View):
    """The newest trials of a company."""

    model_config = ConfigDict(json_schema_extra={"example": {"data": [_ASKED]}})

    data: tuple[SimulationView, ...]


def simulation_view(found: Simulation) -> SimulationView:
    """Tell how a trial stands."""
    return SimulationView(**_plain(found))


def simulated_view(found: Simulation, language: str) -> SimulatedView:
    """Tell what came of a trial, with words in a language."""
    scenarios = None if found.result is None else found.result[language]
    return SimulatedView.model_validate({**_plain(found), "scenarios": scenarios})


def _plain(found: Simulation) -> dict[str, Any]:
    return {name: value for name, value in found._asdict().items() if name not in ("programme_id", "result")}
