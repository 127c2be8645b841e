"""The operation on scenarios: which there are, and how many members are where in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from libs.promotions.scenarios import Scenario, Step
from libs.runtime import sql
from services.gateway.access import RulesReader
from services.gateway.openapi import refusals
from services.gateway.parameters import ProgrammeSlug
from services.gateway.quote_api import one_programme
from services.gateway.views import View

router = APIRouter(prefix="/v1")
_SQL = sql.load("services.gateway", "scenarios.sql")
_SENT = frozenset(("handed", "delivered", "opened", "clicked"))
_SEEN = frozenset(("opened", "clicked"))
_WAITING = frozenset(("waiting", "postponed", "sending"))
_REASONS = ("goal_reached", "held_out", "not_meant")


class StepView(View):
    """A step, and how many members are where in it."""

    name: str
    message: str
    after_hours: int
    waiting: int = Field(description="Members whose time has not come.")
    sent: int = Field(description="Members who got it.")
    seen: int = Field(description="Of these, those who are known to have opened or followed it.")
    goal_reached: int = Field(description="Members who had reached the goal before.")
    held_out: int = Field(description="Members of the control group, who get nothing.")
    not_meant: int = Field(description="Members who were in none of the segments or tiers that it is for.")
    not_sent: int = Field(description="Members whom it did not reach for any other reason, such as a missing consent.")


class ScenarioView(View):
    """A scenario of the programme in force."""

    name: str
    title: str | None
    state: Literal["live", "paused"]
    trigger: dict[str, Any]
    goal: Literal["earned", "redeemed"] | None
    steps: tuple[StepView, ...]


class ScenariosView(View):
    """The scenarios of a programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "data": [
                    {
                        "name": "last_chance",
                        "title": "Come and see us",
                        "state": "live",
                        "trigger": {"kind": "before_expiry", "wallet": "points"},
                        "goal": "earned",
                        "steps": [
                            {
                                "name": "now",
                                "message": "come_back",
                                "after_hours": 0,
                                "waiting": 0,
                                "sent": 812,
                                "seen": 340,
                                "goal_reached": 12,
                                "held_out": 91,
                                "not_meant": 0,
                                "not_sent": 25,
                            }
                        ],
                    }
                ],
            }
        }
    )

    programme: str
    data: tuple[ScenarioView, ...]


@router.get(
    "/scenarios",
    operation_id="listScenarios",
    summary="Scenarios, and how many members are where",
    tags=["messages"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def list_scenarios(
    caller: RulesReader,
    days: Annotated[int, Query(ge=1, le=366, description="Steps that came due within so many days, or will.")] = 90,
    programme: ProgrammeSlug = None,
) -> ScenariosView:
    """List the scenarios in force with an exact count of each step, over the last channel that it was tried on."""
    now = caller.parts.clock.now()
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    version = running.at(now)
    scenarios = () if version is None else version.compiled.source.scenarios
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        rows = await reading.fetch(_SQL["funnel"], running.programme_id, (now - timedelta(days=days)).date())
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        counts.setdefault((row["scenario"], row["step"]), Counter()).update(_counted(row))
    return ScenariosView(programme=running.programme, data=tuple(_views(scenarios, counts)))


def _counted(row: Mapping[str, Any]) -> dict[str, int]:
    state, members = row["state"], row["members"]
    if state in _WAITING:
        return {"waiting": members}
    if state in _SENT:
        return {"sent": members, "seen": members if state in _SEEN else 0}
    return {row["reason"] if row["reason"] in _REASONS else "not_sent": members}


def _views(scenarios: Iterable[Scenario], counts: Mapping[tuple[str, str], Counter[str]]) -> Iterable[ScenarioView]:
    for each in scenarios:
        yield ScenarioView(
            name=each.name,
            title=each.title,
            state=each.state,
            trigger=each.trigger.model_dump(mode="json", exclude_none=True),
            goal=each.goal,
            steps=tuple(_step(step, counts.get((each.name, step.name), Counter())) for step in each.steps),
        )


def _step(step: Step, counted: Counter[str]) -> StepView:
    names = ("waiting", "sent", "seen", *_REASONS, "not_sent")
    return StepView(
        name=step.name, message=step.message, after_hours=step.after_hours, **{name: counted[name] for name in names}
    )
