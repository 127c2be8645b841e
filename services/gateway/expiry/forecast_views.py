"""What the API answers about what lapses, and what is outstanding."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from libs.sweeps.liability import Outstanding
from libs.sweeps.outlook import Lapse, Outlook, Part, Worth, money
from libs.sweeps.tables import last_day
from services.gateway.views import View

_PART: JsonDict = {
    "split": "tier",
    "name": "gold",
    "lots": 20115,
    "points": 1204560,
    "worth_minor": 1204560,
    "spared": 0,
}
_LAPSE: JsonDict = {
    "lapses_at": "2024-03-31T22:00:00Z",
    "last_day": "2024-03-31",
    "wallet": "points",
    "lots": 20115,
    "points": 1204560,
    "worth_minor": 1204560,
    "spared": 0,
    "parts": [_PART],
}
_FORECAST: JsonDict = {
    "programme": "main",
    "currency": "EUR",
    "zone": "Europe/Rome",
    "as_of": "2024-03-20T06:00:00Z",
    "lapses": [_LAPSE],
    "standing": [
        {"wallet": "points", "available": 1200000, "pending": 4560, "held": 0, "repays": 0, "overdue": 0},
    ],
}
_LIABILITY: JsonDict = {
    "programme": "main",
    "currency": "EUR",
    "at": "2024-03-31T22:00:00Z",
    "known_at": None,
    "wallets": [
        {
            "wallet": "points",
            "available": 1200000,
            "pending": 4560,
            "held": 0,
            "debt": 120,
            "points": 1204560,
            "worth_minor": 1204560,
        }
    ],
}
_POINTS = "In the wallet's minor unit."
_WORTH = "In the currency's minor unit, by the programme's `worth`, rounded down; null where it says nothing."


class PartView(View):
    """What of it one name of a split has."""

    split: Literal["tier", "cohort", "campaign", "partner", "store"]
    name: str | None = Field(description="The tier, month of earning, campaign, partner or store; null for none.")
    lots: int | None = Field(description="Lots that lapse; null where a lot may be of several.")
    points: int = Field(description=_POINTS)
    worth_minor: int | None = Field(description="Its part of the whole's worth; the parts of a split add up to that.")
    spared: int | None = Field(description="Its part of what is spared; null for splits that are not told of that.")


class LapseAheadView(View):
    """What lapses of one wallet at one instant, if nothing else happens."""

    lapses_at: datetime | None = Field(description="The boundary; null for what never lapses.")
    last_day: date | None = Field(description="The last day on which it is good, in the programme's zone.")
    wallet: str
    lots: int = Field(description="Lots that lapse.")
    points: int = Field(description=_POINTS)
    worth_minor: int | None = Field(description=_WORTH)
    spared: int = Field(description="Points whose date it is too, that get a later one instead; not among `points`.")
    parts: tuple[PartView, ...] = Field(description="The same by tier, cohort and so on; each split adds up to all.")


class StandingView(View):
    """Where the points of a wallet are. `available + pending = what lapses ahead or never + repays`, to the point."""

    wallet: str
    available: int = Field(description="In force and not reserved.")
    pending: int = Field(description="Credited, but not active yet.")
    held: int = Field(description="Reserved by redemptions under way; they keep it across a boundary.")
    repays: int = Field(description="The part of it that will repay what members owe as soon as it is active.")
    overdue: int = Field(description="What has lapsed already and no sweep has written down; in none of the others.")


class ForecastView(View):
    """What lapses when, to the point, as of an instant: boundaries in order, and what never lapses last."""

    model_config = ConfigDict(json_schema_extra={"example": _FORECAST})

    programme: str
    currency: str
    zone: str
    as_of: datetime = Field(description="The moment that it is of; what happens afterwards changes it.")
    lapses: tuple[LapseAheadView, ...]
    standing: tuple[StandingView, ...]


class OutstandingView(View):
    """The points of one wallet that were outstanding."""

    wallet: str
    available: int = Field(description="In force and not reserved.")
    pending: int = Field(description="Credited, but not active yet.")
    held: int = Field(description="Reserved by redemptions under way.")
    debt: int = Field(description="What members owed; it is not taken off.")
    points: int = Field(description="All that was outstanding: available, pending and held.")
    worth_minor: int | None = Field(description=_WORTH)


class LiabilityView(View):
    """The points outstanding at an instant and what they are worth: the sum of all balances at it."""

    model_config = ConfigDict(json_schema_extra={"example": _LIABILITY})

    programme: str
    currency: str
    at: datetime
    known_at: datetime | None
    wallets: tuple[OutstandingView, ...]


def forecast_view(
    programme: str, currency: str, zone: ZoneInfo, outlook: Outlook, found: Iterable[Lapse]
) -> ForecastView:
    """Return what is answered about what lapses."""
    return ForecastView(
        programme=programme,
        currency=currency,
        zone=zone.key,
        as_of=outlook.as_of,
        lapses=tuple([_lapse(each, zone) for each in found]),
        standing=tuple([StandingView.model_validate(each, from_attributes=True) for each in outlook.standing]),
    )


def liability_view(
    programme: str,
    currency: str,
    when: tuple[datetime, datetime | None],
    found: Iterable[Outstanding],
    worth: Worth,
) -> LiabilityView:
    """Return what is answered about what was outstanding; `when` is the instant, and that of knowledge."""
    wallets = [
        OutstandingView(**each._asdict(), points=each.points, worth_minor=money(each.points, each.wallet, worth))
        for each in found
    ]
    return LiabilityView(programme=programme, currency=currency, at=when[0], known_at=when[1], wallets=tuple(wallets))


def _lapse(each: Lapse, zone: ZoneInfo) -> LapseAheadView:
    return LapseAheadView(
        lapses_at=each.lapses_at,
        last_day=None if each.lapses_at is None else last_day(each.lapses_at, zone),
        wallet=each.wallet,
        lots=each.whole.lots or 0,
        points=each.whole.points,
        worth_minor=each.whole.worth_minor,
        spared=each.whole.spared or 0,
        parts=tuple([_part(part) for part in each.parts]),
    )


def _part(part: Part) -> PartView:
    return PartView.model_validate(part, from_attributes=True)
