"""The operation that estimates how many of the open points will lapse unspent."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.breakage import METHOD, estimates, load_ended
from libs.sweeps.outlook import money, worth_of
from services.gateway.door.access import PointsReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.expiry.forecast_api import Fresh, in_force, meant, outlook_of
from services.gateway.views import View

router = APIRouter(prefix="/v1")
_EXAMPLE: JsonDict = {
    "programme": "main",
    "currency": "EUR",
    "as_of": "2024-03-20T06:00:00Z",
    "method": METHOD,
    "wallets": [
        {
            "wallet": "points",
            "lapsed": 200,
            "redeemed": 600,
            "open": 1000,
            "expected_points": 250,
            "expected_worth_minor": 250,
        }
    ],
    "cohorts": [{"wallet": "points", "cohort": "2023-11", "lapsed": 200, "redeemed": 600}],
}


class BreakageWallet(View):
    """What is expected of the open points of a wallet."""

    wallet: str
    lapsed: int = Field(description="Points of past cohorts that lapsed.")
    redeemed: int = Field(description="Points of past cohorts that were redeemed.")
    open: int = Field(description="Points that lapse at some time ahead, unless they are redeemed.")
    expected_points: int | None = Field(description="How many of them are expected to; null without past cohorts.")
    expected_worth_minor: int | None = Field(description="What these are worth, in the currency's minor unit.")


class CohortEnded(View):
    """What became of the points that were earned in a month and whose date has come."""

    wallet: str
    cohort: str | None = Field(description="The month of earning; null is long ago.", examples=["2023-11"])
    lapsed: int
    redeemed: int


class BreakageView(View):
    """An estimate of the points that will lapse unspent, with what it was made from."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    programme: str
    currency: str
    as_of: datetime
    method: str = Field(description="How it was estimated; unlike the forecast it is not exact.")
    wallets: tuple[BreakageWallet, ...]
    cohorts: tuple[CohortEnded, ...]


@router.get(
    "/expiry/breakage",
    operation_id="getBreakage",
    summary="An estimate of the points that will lapse unspent",
    tags=["ledger"],
    responses=refusals("not-found", "programme-needed", "request-invalid"),
)
async def get_breakage(caller: PointsReader, programme: ProgrammeSlug = None, fresh: Fresh = False) -> BreakageView:
    """Estimate breakage from what became of past cohorts. What is certain is told by `GET /v1/expiry/forecast`."""
    running = await meant(caller, programme)
    outlook = await outlook_of(caller, running, None, fresh, origins=False)
    version = in_force(running, outlook.as_of)
    worth = worth_of(version.compiled.source)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        ended = await load_ended(reading.connection, running.key, outlook.as_of, version.zone.key)
    return BreakageView(
        programme=running.programme,
        currency=version.compiled.source.currency,
        as_of=outlook.as_of,
        method=METHOD,
        wallets=tuple(
            [
                BreakageWallet(
                    wallet=each.wallet,
                    lapsed=each.lapsed,
                    redeemed=each.redeemed,
                    open=each.open,
                    expected_points=each.expected,
                    expected_worth_minor=None if each.expected is None else money(each.expected, each.wallet, worth),
                )
                for each in estimates(outlook, ended)
            ]
        ),
        cohorts=tuple(
            [
                CohortEnded(
                    wallet=each.wallet,
                    cohort=None if each.cohort is None else f"{each.cohort:%Y-%m}",
                    lapsed=each.lapsed,
                    redeemed=each.redeemed,
                )
                for each in ended
            ]
        ),
    )
