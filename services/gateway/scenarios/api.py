"""The operation on scenarios: which there are, and how many members are where in each."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from libs.scenarios.reading import load_funnels
from libs.scenarios.told import told
from services.gateway.door.access import RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.quotes.api import one_programme
from services.gateway.views import View

router = APIRouter(prefix="/v1")


class MarksView(View):
    """How many members are where at a step."""

    waiting: int = Field(description="Members whose time has not come.")
    sent: int = Field(description="Members who got the message, or for whom the step was done.")
    seen: int = Field(description="Of these, those who are known to have opened or followed the message.")
    goal_reached: int = Field(description="Members who had reached the goal before.")
    held_out: int = Field(description="Members of the control group, who get nothing.")
    not_meant: int = Field(description="Members who were in none of the segments or tiers that it is for.")
    not_sent: int = Field(description="Members whom it did not reach for any other reason, such as a missing consent.")


class StepArmView(MarksView):
    """The members of one arm at a step."""

    arm: str


class StepView(MarksView):
    """A step, and how many members are where in it."""

    name: str
    action: Literal["message", "points", "reward", "webhook", "tag"] = Field(description="What is done.")
    message: str | None = Field(description="The template of the message; null for what is none.")
    after_hours: int
    arms: tuple[StepArmView, ...] = Field(description="The same by arm.")


class ArmView(View):
    """An arm: how often the scenario began for its members, and how often they reached the goal."""

    arm: str
    per_mille: int = Field(description="Its share of a thousand.")
    begun: int = Field(description="How often the scenario began for its members.")
    won: int = Field(description="After how many of these the goal was reached within `goal_days`.")
    won_per_mille: int | None = Field(description="The same of a thousand; null where it never began.")
    verdict: Literal["too-few", "no-difference", "more", "less"] | None = Field(
        description="What that says beside the control group; null for that group, and where there is none or no goal."
    )
    relative_per_mille: int | None = Field(description="How much more often than in the control group.")
    low_per_mille: int | None = Field(description="The same at least, with 95 percent confidence.")
    high_per_mille: int | None = Field(description="The same at most, with 95 percent confidence.")
    words: str


class ScenarioView(View):
    """A scenario of the programme in force."""

    name: str
    title: str | None
    state: Literal["live", "paused"]
    trigger: dict[str, Any]
    words: str = Field(description="What it begins with.")
    goal: Literal["earned", "redeemed"] | None
    goal_days: int = Field(description="Within how many days the goal counts as won.")
    begun: int = Field(description="How often it began for members.")
    won: int = Field(description="After how many of these the goal was reached in time.")
    arms: tuple[ArmView, ...]
    steps: tuple[StepView, ...]


_MARKS = {"waiting": 0, "sent": 812, "seen": 340, "goal_reached": 12, "held_out": 91, "not_meant": 0, "not_sent": 25}
_TOLD = {**_MARKS, "held_out": 0}


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
                        "words": "A reminder before points lapse (wallet points)",
                        "goal": "earned",
                        "goal_days": 14,
                        "begun": 940,
                        "won": 391,
                        "arms": [
                            {
                                "arm": "told",
                                "per_mille": 900,
                                "begun": 849,
                                "won": 366,
                                "won_per_mille": 431,
                                "verdict": "too-few",
                                "relative_per_mille": None,
                                "low_per_mille": None,
                                "high_per_mille": None,
                                "words": "Too little to say anything: it takes 100 members who reached the goal in "
                                "each group.",
                            }
                        ],
                        "steps": [
                            {
                                "name": "now",
                                "action": "message",
                                "message": "come_back",
                                "after_hours": 0,
                                **_MARKS,
                                "arms": [{"arm": "told", **_TOLD}],
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
    language: Language,
    days: Annotated[int, Query(ge=1, le=366, description="Steps that came due within so many days, or will.")] = 90,
    programme: ProgrammeSlug = None,
) -> ScenariosView:
    """List the scenarios in force with an exact count of each step, over the last channel that it was tried on."""
    now = caller.parts.clock.now()
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    version = running.at(now)
    scenarios = () if version is None else version.compiled.source.scenarios
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        since = (now - timedelta(days=days)).date()
        found = await load_funnels(reading.connection, running.key, scenarios, since)
    return ScenariosView.model_validate(
        {"programme": running.programme, "data": [told(each, language) for each in found]}
    )
