"""The operations on experiments: what the members of each arm did, and what that says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from libs.experiments.reading import load_results
from libs.experiments.told import told
from libs.judging.versions import RunningProgramme
from libs.promotions.campaigns import Campaign
from libs.promotions.experiments import Experiment
from services.gateway.door.access import Caller, RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.quotes.api import one_programme
from services.gateway.receipts.views import WalletPoints
from services.gateway.views import View

router = APIRouter(prefix="/v1")
ExperimentName = Annotated[
    str, Path(description="The experiment's name in the programme.", examples=["double-weekend"])
]
Verdict = Literal["too-few", "no-difference", "more", "less"]

_ARM: dict[str, Any] = {
    "arm": "double",
    "per_mille": 500,
    "members": 5012,
    "seen": 1422,
    "buyers": 1398,
    "purchases": 3610,
    "spend_minor": 11_120_400,
    "spend_a_member_minor": 2218,
    "average_basket_minor": 3080,
    "points": [{"wallet": "points", "points": 151_204}],
    "discount_minor": 20_150,
    "gifts": [{"gift": "coupon:coffee", "quantity": 120}],
    "cost_minor": 195_354,
    "verdict": "more",
    "relative_per_mille": 62,
    "low_per_mille": 11,
    "high_per_mille": 113,
    "words": ("Members spend more than the control group: +6.2 %, with 95 % confidence between +1.1 % and +11.3 %."),
}


class GiftCount(View):
    """How many of a gift were granted."""

    gift: str = Field(description="Its kind and reference.", examples=["coupon:coffee"])
    quantity: int


class ExperimentArm(View):
    """An arm: what its members did, and their spend beside that of the control group."""

    arm: str
    per_mille: int = Field(description="How many of a thousand members the lot puts there.")
    members: int = Field(description="All members in it, whatever they did.")
    seen: int = Field(description="Those of whom anything was heard.")
    buyers: int = Field(description="Those who bought.")
    purchases: int
    spend_minor: int = Field(description="Less what came back, in minor units.")
    spend_a_member_minor: int | None = Field(description="Over all members of the arm, rounded down.")
    average_basket_minor: int | None
    points: tuple[WalletPoints, ...] = Field(description="What all of them earned, from whatever campaign.")
    discount_minor: int = Field(description="Money off that tills gave, in minor units, of whatever campaign.")
    gifts: tuple[GiftCount, ...] = Field(description="Gifts of which the programme says what they are worth.")
    cost_minor: int | None = Field(
        description="What points, money off and gifts are worth together; null where a wallet does not say."
    )
    verdict: Verdict | None = Field(description="About the spend a member; null for the control group itself.")
    relative_per_mille: int | None = Field(description="Spend a member above the control group's, in per mille of it.")
    low_per_mille: int | None = Field(description="Where it lies at least, with 95 percent confidence for all arms.")
    high_per_mille: int | None = Field(description="Where it lies at most.")
    words: str


class ExperimentView(View):
    """An experiment of the programme in force and what became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "double-weekend",
                "title": "Double points at the weekend?",
                "first_day": "2024-05-01",
                "last_day": "2024-06-30",
                "counted_until": "2024-06-12",
                "state": "running",
                "words": "It still runs: decide on the day that was planned, not on the first good one.",
                "arms": [_ARM],
            }
        }
    )

    name: str
    title: str | None
    first_day: date
    last_day: date | None
    counted_until: date | None = Field(description="The last day that is counted; null before the first.")
    state: Literal["waiting", "running", "finished"]
    words: str
    arms: tuple[ExperimentArm, ...]


class ExperimentListed(View):
    """An experiment of the programme in force."""

    name: str
    title: str | None
    first_day: date
    last_day: date | None
    campaigns: tuple[str, ...] = Field(description="The campaigns that are for some of its arms.")


class ExperimentsView(View):
    """The experiments of a programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "data": [
                    {
                        "name": "double-weekend",
                        "title": "Double points at the weekend?",
                        "first_day": "2024-05-01",
                        "last_day": "2024-06-30",
                        "campaigns": ["double-points"],
                    }
                ],
            }
        }
    )

    programme: str
    data: tuple[ExperimentListed, ...]


@router.get(
    "/experiments",
    operation_id="listExperiments",
    summary="Experiments with members",
    tags=["rules"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def list_experiments(caller: RulesReader, programme: ProgrammeSlug = None) -> ExperimentsView:
    """List the experiments of the programme in force."""
    running = await _meant(caller, programme)
    version = running.at(caller.parts.clock.now())
    source = None if version is None else version.compiled.source
    data = () if source is None else tuple(_listed(one, source.campaigns) for one in source.experiments)
    return ExperimentsView(programme=running.programme, data=data)


@router.get(
    "/experiments/{experiment}",
    operation_id="getExperiment",
    summary="What became of an experiment",
    tags=["rules"],
    responses=refusals("not-found", "programme-needed", "request-invalid"),
)
async def get_experiment(
    caller: RulesReader, language: Language, experiment: ExperimentName, programme: ProgrammeSlug = None
) -> ExperimentView:
    """Tell what the members of each arm did, counted exactly as of now, and how sure a difference is."""
    now = caller.parts.clock.now()
    running = await _meant(caller, programme)
    version = running.at(now)
    own = () if version is None else version.compiled.source.experiments
    found = next((one for one in own if one.name == experiment), None)
    if found is None or version is None:
        raise ProblemError("not-found", "The programme in force has no such experiment; see `GET /v1/experiments`.")
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        results = await load_results(reading.connection, running.key, found, version.zone, now)
    return ExperimentView(**told(results, version.compiled, language))


async def _meant(caller: Caller, programme: str | None) -> RunningProgramme:
    known = await caller.parts.programmes.of(caller.tenant_id)
    return one_programme(known, programme, "/query/programme")


def _listed(one: Experiment, campaigns: Iterable[Campaign]) -> ExperimentListed:
    own = tuple(each.id for each in campaigns if each.experiment is not None and each.experiment.name == one.name)
    return ExperimentListed(
        name=one.name, title=one.title, first_day=one.first_day, last_day=one.last_day, campaigns=own
    )
